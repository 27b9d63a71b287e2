"""Wren: a lightweight Bitcoin wallet that verifies what it shows."""

__version__ = "0.1.0"
