"""Signed messages in the window: signed by the wallet's own addresses, verified with a verdict in words."""

import pytest
from PySide6.QtGui import QGuiApplication, QTextDocument

from tests.ui.fits import unfitting
from tests.ui.play import PASSWORD, Live
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.network import REGTEST
from wallet.engine import api
from wallet.ui.models import messages as words
from wallet.ui.pages.messages import MessagesDialog
from wallet.ui.pages.settings import SettingsPage

FOREIGN = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
TEXT = "I hold this.\nAt noon\N{NO-BREAK SPACE}precisely."


def tool(live: Live) -> MessagesDialog:
    _, shell = live.begin()
    live.fund(50_000)
    shell.sidebar.choose("settings")
    live.settle()
    page = shell.page("settings")
    assert isinstance(page, SettingsPage)
    page.tools.messages_button.click()
    live.settle()
    dialog = page.tools.opened
    assert isinstance(dialog, MessagesDialog)
    return dialog


def test_a_message_is_signed_and_verified_and_edits_take_the_verdict_back(live: Live) -> None:
    dialog = tool(live)
    sign = dialog.sign
    menu = sign.form.choose.menu()
    assert sign.form.choose.isVisible()
    menu.actions()[0].trigger()
    address = sign.form.address.text()
    assert address in {row.address for row in live.ask(api.GetAddresses()) if row.used}
    assert "BIP322" in sign.kind.text()
    sign.form.text.setPlainText(TEXT)
    sign.password.setText("wrong")
    sign.button.click()
    live.settle()
    assert "wrong" in sign.password_field.error
    sign.password.setText(PASSWORD)
    sign.button.click()
    live.settle()
    signature = sign.signature.toPlainText()
    assert sign.result.isVisible()
    assert not sign.copy.visibleRegion().isEmpty(), "it is scrolled to"
    dialog.resize(520, 600)
    live.settle()
    assert unfitting(dialog) == []
    assert sign.password.text() == ""
    assert live.ask(api.VerifyMessage(address, signature, TEXT)), "the text is signed exactly as it was typed"
    sign.copy.click()
    assert QGuiApplication.clipboard().text() == signature
    sign.form.text.setPlainText("something else")
    assert not sign.result.isVisible()

    dialog.choice.choose("verify")
    verify = dialog.verify
    verify.form.address.setText(address)
    verify.form.text.setPlainText(TEXT)
    verify.signature.setPlainText(f"{signature[:40]}\n {signature[40:]}")
    verify.button.click()
    live.settle()
    assert (verify.message.kind, "is right" in verify.message.text) == ("good", True)
    verify.form.text.setPlainText(TEXT + " ")
    assert not verify.message.isVisible()
    verify.button.click()
    live.settle()
    assert (verify.message.kind, "is wrong" in verify.message.text) == ("error", True)
    dialog.close()


def test_what_cannot_be_signed_or_judged_is_said_beside_its_field(live: Live) -> None:
    dialog = tool(live)
    sign = dialog.sign
    sign.form.address.setText(FOREIGN)
    sign.button.click()
    assert "Type or paste the text" in sign.form.text_field.error
    sign.form.text.setPlainText(TEXT)
    sign.button.click()
    live.settle()
    assert "no address of this wallet" in sign.form.address_field.error
    assert not sign.button.is_busy
    sign.form.address.setText("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
    assert sign.form.address_field.error == ""
    sign.button.click()
    assert sign.form.address_field.error
    dialog.choice.choose("verify")
    verify = dialog.verify
    verify.form.address.setText(FOREIGN)
    verify.form.text.setPlainText(TEXT)
    verify.button.click()
    assert "Paste the signature" in verify.signature_field.error
    verify.signature.setPlainText("pofAAAA")
    verify.button.click()
    live.settle()
    assert "cannot be judged here" in verify.message.text
    dialog.close()


def test_a_text_that_hides_something_is_written_out(live: Live) -> None:
    dialog = tool(live)
    dialog.sign.form.text.setPlainText("pay \u202e001 to me")
    assert "⟨U+202E⟩001" in dialog.sign.form.hidden.text
    dialog.sign.form.text.setPlainText("plain\nand two lines")
    assert not dialog.sign.form.hidden.isVisible()
    dialog.close()


# --- the rules, without a window


@pytest.mark.parametrize("text", ["a b", "a\N{NO-BREAK SPACE}b", "one\ntwo\n", " \tx ", "\n\n"])
def test_a_text_is_read_character_by_character(text: str) -> None:
    document = QTextDocument()
    document.setPlainText(text)
    assert words.typed_text(document) == text


def test_the_kind_of_signature_is_told() -> None:
    old = parse_address("mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", REGTEST)
    assert "BIP137" in words.kind_of_signature(old)
    assert "BIP322" in words.kind_of_signature(parse_address(FOREIGN, REGTEST))


def test_addresses_are_offered_that_somebody_may_know() -> None:
    def entry(number: int, **fields: object) -> api.AddressRow:
        known = {"change": False, "used": True, "label": "", **fields}
        return api.AddressRow(f"a{number}", f"m/{number}", "p2wpkh", balance=0, **known)  # type: ignore[arg-type]

    rows = [entry(0), entry(1, change=True), entry(2, used=False), entry(3, used=False, label="x")]
    assert [row.address for row in words.offered(rows)] == ["a3", "a0"]
    newest = words.offered([entry(n) for n in range(40)])
    assert [row.address for row in newest] == [f"a{n}" for n in range(39, 39 - words.MOST_OFFERED, -1)]
    pieces = words.offered([entry(n) for n in range(30)])
    assert words.offered([*pieces[::-1], *[entry(n) for n in range(30, 40)]]) == newest
