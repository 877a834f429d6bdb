"""What a message says, once for all channels, and how each kind of channel shows it."""
