"""What a peer can do wrong."""


class PeerFault(Exception):
    """A peer broke a rule; the caller drops it, and keeps away from its address when `ban` is set.

    rule: a short stable name such as "bad-pow"; detail: the figures, for the log.
    """

    def __init__(self, rule: str, ban: bool = True, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule
        self.ban = ban
        self.detail = detail
