"""Peers and bans as tables, and what is said of them in words. What peers say of themselves is shown literally."""

from typing import Final

from PySide6.QtCore import QLocale, QObject

from wallet.engine import api
from wallet.ui.models import table
from wallet.ui.preferences import Preferences
from wallet.ui.text import NO_BREAK, format_data, format_time, safe_text, sentence, translate

_NETWORK: Final = 1 << 0
_BLOOM: Final = 1 << 2
_WITNESS: Final = 1 << 3
_COMPACT_FILTERS: Final = 1 << 6
_NETWORK_LIMITED: Final = 1 << 10
_P2P_V2: Final = 1 << 11
"""Service bits: Bitcoin's protocol.h, BIP111, BIP144, BIP157, BIP159, BIP324."""
_LONGEST_NAME: Final = 40


def service_words(services: int, every: bool = False) -> list[str]:
    """What a peer says it does for others. every: also what nearly all do."""
    words = []
    if services & _COMPACT_FILTERS:
        words.append(translate("Filters"))
    if services & _NETWORK:
        words.append(translate("All blocks"))
    elif services & _NETWORK_LIMITED:
        words.append(translate("Newest blocks"))
    if services & _BLOOM:
        words.append(translate("Bloom filters"))
    if every and services & _WITNESS:
        words.append(translate("Segwit"))
    if every and services & _P2P_V2:
        words.append(translate("Encrypted transport"))
    return words or [translate("Nothing")]


def transport_words(transport: str) -> str:
    """How the connection is made (BIP324 is version 2)."""
    return translate("v2, encrypted") if transport == "v2" else translate("v1, readable")


def role_words(role: str) -> str:
    """How we came to this peer."""
    return translate("Named by you") if role == "manual" else translate("Found by Wren")


def delay_words(latency: float | None) -> str:
    """How long an answer takes, "…" before the first one. latency: seconds."""
    if latency is None:
        return "…"
    return f"{QLocale().toString(max(1, round(latency * 1000)))}{NO_BREAK}ms"


def program_of(row: api.PeerRow) -> str:
    """What the peer runs, by its own word, short enough for a cell."""
    name = safe_text(row.user_agent.strip("/"))
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _traffic(row: api.PeerRow) -> str:
    return f"↓{NO_BREAK}{format_data(row.received)}\n↑{NO_BREAK}{format_data(row.sent)}"


def _spoken_traffic(row: api.PeerRow) -> str:
    text = translate("received {received}, sent {sent}")
    return text.format(received=format_data(row.received), sent=format_data(row.sent))


class PeersModel(table.TableModel[api.PeerRow]):
    """Those who are connected."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(self._columns(), lambda row: row.address, preferences, parent)

    def _columns(self) -> tuple[table.Column[api.PeerRow], ...]:
        return (
            table.Column(translate("Address"), lambda row: safe_text(row.address), code=True),
            table.Column(translate("Program"), program_of, 136, tone=lambda _: "muted"),
            table.Column(
                translate("Serves"),
                lambda row: "\n".join(service_words(row.services)[:2]),
                118,
                spoken=lambda row: ", ".join(service_words(row.services)),
                tone=lambda _: "muted",
            ),
            table.Column(
                translate("Connection"),
                lambda row: f"{transport_words(row.transport)}\n{role_words(row.role)}",
                126,
                spoken=lambda row: f"{transport_words(row.transport)}, {role_words(row.role)}",
                tone=lambda _: "muted",
            ),
            table.Column(translate("Delay"), lambda row: delay_words(row.latency), 84, 84, right=True, figures=True),
            table.Column(translate("Data"), _traffic, 104, spoken=_spoken_traffic, right=True, figures=True),
        )


class BansModel(table.TableModel[api.BanRow]):
    """Those who are kept away from."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        columns: tuple[table.Column[api.BanRow], ...] = (
            table.Column(translate("Address"), lambda row: safe_text(row.address), 190, 150, code=True),
            table.Column(translate("Why"), lambda row: sentence(safe_text(row.reason))),
            table.Column(translate("Until"), lambda row: format_time(row.until), 150, tone=lambda _: "muted"),
        )
        super().__init__(columns, lambda row: row.address, preferences, parent)


def way_words(route: api.Route) -> list[str]:
    """How Wren talks to the network, one sentence each: whom it asks, by which way, and what they learn."""
    if route.offline:
        return [translate("Offline: Wren was started with --offline and talks to nobody.")]
    if route.lost:
        return [
            translate(
                "The settings were damaged, and may have named your own node: Wren talks to nobody until you choose "
                "again, under Settings, Own node."
            )
        ]
    words = []
    if route.named:
        named = ", ".join(safe_text(peer) for peer in route.named)
        own = translate("Wren talks to your own node and to nobody else: {peers}.")
        given = translate("Wren talks to no other nodes than the ones you named: {peers}.")
        words.append((given if route.is_given else own).format(peers=named))
    else:
        words.append(
            translate("Wren finds peers by itself: those it met before, and those that the network's directories name.")
        )
    if route.proxy:
        proxy = safe_text(route.proxy)
        words.append(
            translate("Everything goes through the proxy {proxy}, the search for names too.").format(proxy=proxy)
        )
    elif route.named:
        words.append(translate("No proxy: who is named sees this computer's internet address."))
    else:
        words.append(translate("No proxy: peers see this computer's internet address."))
    if route.bloom:
        words.append(
            translate(
                "Your node looks for your payments (bloom filters): it learns which are yours, and is believed that "
                "it leaves none out."
            )
        )
    else:
        words.append(translate("Payments are looked for on this computer (filters): no peer learns which are yours."))
    return words
