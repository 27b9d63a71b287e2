"""Against a real Bitcoin node."""
