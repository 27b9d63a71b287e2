"""Secrets: seeds, the sealed vault and the signer."""
