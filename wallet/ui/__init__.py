"""The window: it renders what `wallet.engine.api` tells and asks for what the user wants; it decides nothing."""
