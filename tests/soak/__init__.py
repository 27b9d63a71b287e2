"""Long runs, for `make soak`; the usual run leaves them out."""
