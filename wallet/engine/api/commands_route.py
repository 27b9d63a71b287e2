"""Commands about the way to the network, and their answer."""

from dataclasses import dataclass

from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class Route:
    """By which way Wren talks to whom.

    named: the nodes ("host:port") that alone are talked to; none: peers are found. own_node: the user's own, as it was
    set; it counts where the program was started without --peer. proxy: a SOCKS5 proxy, empty without one. bloom: a
    node finds the payments (BIP37). offline: nobody is talked to. lost: nor before the user has chosen again, for the
    settings that may have named a node could not be read.
    """

    named: tuple[str, ...]
    own_node: str
    proxy: str
    bloom: bool
    offline: bool
    lost: bool = False

    @property
    def is_given(self) -> bool:
        """Whether other nodes than the own one were named when the program was started."""
        return bool(self.named) and self.named != (self.own_node,)


@dataclass(frozen=True, slots=True)
class GetRoute(Command[Route]):
    pass


@dataclass(frozen=True, slots=True)
class SetOwnNode(Command[Route]):
    """Talk to this node of the user's and no other from now on, "host" or "host:port"; empty: find peers again."""

    address: str
