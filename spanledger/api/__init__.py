"""What the core process answers: HTTP for people and scrapers, a socket for commands."""
