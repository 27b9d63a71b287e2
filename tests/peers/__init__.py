"""A generated chain, and peers that serve it over the loopback and misbehave on demand."""
