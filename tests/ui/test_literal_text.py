"""Words from outside appear literally on every page, whatever is in them, and put nothing out of place."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import product
from typing import get_type_hints
from unicodedata import category

import pytest
from PySide6.QtGui import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QTextEdit, QWidget

from tests.ui.fits import unfitting
from tests.ui.play import Live
from tests.ui.spoiling import FREE_TEXTS, HOSTILE, LINES, MARK, SpoiltEngine, spoil
from tests.ui.walk import OUTSIDE, Walk, called, fill, no_file_dialogs, shown
from wallet.bitcoin.uri import parse_uri
from wallet.engine import api

UNSEEN = ("Cc", "Cf", "Cs", "Co")
ROLES = (
    *(Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole),
    *(Qt.ItemDataRole.AccessibleDescriptionRole, Qt.ItemDataRole.StatusTipRole),
)
NAMES = frozenset(
    (
        *("address", "alternatives", "backup", "block_hash", "change_address", "code", "currency", "data_dir"),
        *("descriptor", "discovery", "file", "fingerprint", "hash", "hex", "id", "kind", "kinds", "mnemonic"),
        *("named", "netgroup", "network", "outpoint", "own_node", "path", "peers", "proxy", "psbt", "raises", "rate"),
        *("ref", "reference", "replaced_by", "replaces", "role", "tip", "transactions", "transport", "txid", "type"),
        *("uri", "wallet"),
    )
)
"""Fields of answers that hold figures and names, which the engine has checked or made."""


def texts(window: QWidget) -> Iterator[tuple[str, str, bool]]:
    """What a window says: by whom, the text, and whether Qt could take it for markup."""
    for widget in (window, *shown(window, QWidget)):
        for text in (widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle()):
            yield called(widget), text, False
        yield f"the tip of {called(widget)}", widget.toolTip(), Qt.mightBeRichText(widget.toolTip())
        yield f"the tip of {called(widget)}", widget.whatsThis(), Qt.mightBeRichText(widget.whatsThis())
        assert not isinstance(widget, QTextEdit)
    for label in shown(window, QLabel):
        yield called(label), label.text(), label.textFormat() is not Qt.TextFormat.PlainText
    for button in shown(window, QAbstractButton):
        yield called(button), button.text(), False
    for view in shown(window, QAbstractItemView):
        yield from cells(view)


def cells(view: QAbstractItemView) -> Iterator[tuple[str, str, bool]]:
    model = view.model()
    for row, column, role in product(range(model.rowCount()), range(model.columnCount()), ROLES):
        text = str(model.index(row, column).data(role) or "")
        tip = role is Qt.ItemDataRole.ToolTipRole
        yield f"row {row}, column {column}", text, tip and Qt.mightBeRichText(text)


def steered(window: QWidget) -> list[str]:
    """Texts of a window that would be drawn otherwise than they are written."""
    found = set()
    for where, text, markup in texts(window):
        unseen = sorted({f"U+{ord(c):04X}" for c in text if c != "\n" and category(c) in UNSEEN})
        if unseen or markup or LINES in text:
            found.add(f"{where}: {unseen} {'markup' if markup else ''}")
    for button in shown(window, QAbstractButton):
        if MARK in button.text() and "&&" not in button.text():
            found.add(f"{called(button)} takes & for a mnemonic")
    return sorted(found)


def speaks(window: QWidget) -> bool:
    return any(MARK in text for _, text, _ in texts(window))


def misplaced(window: QWidget) -> list[str]:
    """What hostile words put out of place. A cell of a table may cut off a name that no column could hold."""
    return [problem for problem in unfitting(window) if not (problem.startswith("the cell") and MARK in problem)]


@pytest.fixture
def spoilt(live: Live, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """A used wallet, and an engine that speaks in hostile words from now on."""
    no_file_dialogs(monkeypatch)
    window, _ = live.begin()
    fill(live)
    bridge = live.context.bridge
    engine = bridge._engine
    assert engine is not None
    assert bridge._unsubscribe is not None
    bridge._unsubscribe()
    bridge.attach(SpoiltEngine(engine))
    return Walk(live, window)


def test_hostile_words_are_written_out_on_every_page(spoilt: Walk) -> None:
    found: dict[str, list[str]] = {}
    out_of_place: dict[str, list[str]] = {}
    speaking = set()
    for key in spoilt.keys:
        for name, window in spoilt.everything(key):
            found |= {name: problems} if (problems := steered(window)) else {}
            out_of_place |= {name: problems} if (problems := misplaced(window)) else {}
            speaking |= {name} if speaks(window) else set()
    assert found == {}
    assert out_of_place == {}
    assert {"overview", "history"} <= speaking


def test_a_link_with_hostile_words_is_harmless(live: Live) -> None:
    window, shell = live.begin()
    label = "%3Cb%3Ebold%3C%2Fb%3E%E2%80%AEgpj%00" + "W" * 150
    uri = parse_uri(f"bitcoin:{OUTSIDE}?amount=0.0001&label={label}&message={label}", live.context.params)
    shell.pay(uri)
    live.settle()
    assert steered(window) == []
    assert unfitting(window) == []


def test_every_field_of_an_answer_is_a_figure_or_a_free_text() -> None:
    """Who adds a field says which it is: NAMES here, FREE_TEXTS in the spoiling engine."""
    for name in dir(api):
        kind = getattr(api, name)
        if isinstance(kind, type) and is_dataclass(kind) and not issubclass(kind, api.Command):
            hints = get_type_hints(kind)
            words = {field.name for field in fields(kind) if "str" in str(hints[field.name])}
            assert words <= NAMES | FREE_TEXTS, f"{name}: {words - NAMES - FREE_TEXTS}"


def test_the_engine_is_spoilt_through_and_through() -> None:
    contact = api.PaymentWarning("reused", "an address that was paid before")
    assert spoil((contact,)) == (api.PaymentWarning("reused", HOSTILE),)
