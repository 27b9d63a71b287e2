"""The use cases, and the one interface through which the window and the command line see them."""
