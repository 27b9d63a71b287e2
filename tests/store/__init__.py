"""Tests of wallet.store."""
