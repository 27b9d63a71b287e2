"""A small regtest full node for practice mode, the demo and the tests."""
