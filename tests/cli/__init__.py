"""The command line, in this process and without a network."""
