"""A problem report to read and to send by oneself: what runs where, and the end of the logs without what is private."""

import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QLocale, qVersion
from PySide6.QtGui import QGuiApplication

from wallet import __version__
from wallet.engine import api
from wallet.redaction import redact


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report says beside the logs. status None: nothing is known, as the engine does not answer."""

    network: str
    status: api.SyncStatus | None
    wallets: int
    own_nodes: int
    proxy: bool
    practice: bool
    fault: str = ""


def versions() -> str:
    """What runs, and where, in one line."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return (
        f"Wren {__version__}, Python {platform.python_version()}, Qt {qVersion()} (PySide {pyside_version}), {system}"
    )


def compose(facts: Facts, logs: Sequence[tuple[str, str]], words: Iterable[str], places: Iterable[str]) -> str:
    """The report. logs: name and text; words, places: what is to be blotted out beside what looks private by itself."""
    lines = [versions(), f"Screen: {_screen()}; language: {QLocale().name()}", *_network(facts)]
    if facts.fault:
        lines.append(f"Fault: {facts.fault}")
    clean_words, clean_places = tuple(words), tuple(places)
    for name, text in logs:
        lines += ["", f"--- the end of the log of the {name} ---"]
        lines += [redact(text.rstrip(), clean_words, clean_places) or "(empty)"]
    return "\n".join(lines) + "\n"


def _screen() -> str:
    screen = QGuiApplication.primaryScreen()
    size = screen.size()
    return f"{size.width()}x{size.height()} at {screen.devicePixelRatio():g}, {QGuiApplication.platformName()}"


def _network(facts: Facts) -> list[str]:
    name = "practice" if facts.practice else facts.network
    connected = "own nodes only" if facts.own_nodes else "found by itself"
    proxy = "yes" if facts.proxy else "no"
    lines = [f"Network: {name}; peers: {connected}; proxy: {proxy}; wallets: {facts.wallets}"]
    if (status := facts.status) is None:
        return [*lines, "The engine does not answer."]
    heights = f"height {status.height} of {status.announced_height}, filters to {status.filter_height}"
    state = f"synced: {status.synced}, stale: {status.stale}, complete: {status.completeness_verified}"
    lines.append(f"Phase: {status.phase}, {status.percent:.0f} %; {heights}; peers: {status.peers}; {state}")
    return lines
