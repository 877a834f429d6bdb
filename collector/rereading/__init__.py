"""Reading stored spans again: what the store keeps of a span is what its sender said, so rules may change later."""
