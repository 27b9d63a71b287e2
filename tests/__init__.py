"""The tests. They mirror the package tree."""
