"""The peer-to-peer client: messages, transports, header chains and what is asked of whom."""
