"""What Wren costs in time and memory, beside its goals: `make bench`."""
