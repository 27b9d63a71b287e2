"""Against a real Secret Service: GNOME's keyring daemon on a session bus of its own."""
