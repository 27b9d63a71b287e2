"""Every secret: seeds, the sealed vault and the signer."""
