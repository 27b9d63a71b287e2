"""The engine: its seam, its processes and its use cases."""
