"""PSBTs in the window: opened in every form, shown as the engine judges them, signed, put together, sent, kept."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QLabel

from tests.ui.fits import unfitting
from tests.ui.play import PASSWORD, Live
from tests.ui.stage import NO_KEYS
from tests.ui.test_scan import picture
from wallet.bitcoin import bbqr
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.bbqr import split_bbqr
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt, PsbtOutput
from wallet.bitcoin.transaction import TxOut
from wallet.engine import api
from wallet.ui.models import psbt as words
from wallet.ui.models.codes import Collector
from wallet.ui.pages.overview import OverviewPage
from wallet.ui.pages.psbt import PsbtDialog
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.text import in_fours
from wallet.ui.window import Window

NARROW = 520
FOREIGN = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


def begin(live: Live) -> tuple[Window, Psbt]:
    """A wallet with money, and a payment of 60,000 that nobody signed yet."""
    window, _ = live.begin()
    live.fund(100_000)
    review = live.ask(api.PreparePayment(((FOREIGN, 60_000),), fee_rate=2.0))
    return window, Psbt.from_base64(review.psbt)


def tool(live: Live, window: Window) -> PsbtDialog:
    """The tool, opened from the settings."""
    shell = window.shell
    assert shell is not None
    shell.sidebar.choose("settings")
    live.settle()
    page = shell.page("settings")
    assert isinstance(page, SettingsPage)
    page.tools.psbt_button.click()
    dialog = page.tools.opened
    assert isinstance(dialog, PsbtDialog)
    return dialog


def narrow(live: Live, dialog: PsbtDialog) -> list[str]:
    """What cannot be read whole on a small screen."""
    dialog.resize(NARROW, 600)
    live.settle()
    return unfitting(dialog)


def texts(dialog: PsbtDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def paying(psbt: Psbt, amount: int) -> Psbt:
    """The same with another amount for the recipient: what is left is the fee's."""
    payee = parse_address(FOREIGN, REGTEST).script_pubkey
    outputs = tuple(TxOut(amount, payee) if each.script_pubkey == payee else each for each in psbt.transaction.outputs)
    return replace(psbt, transaction=replace(psbt.transaction, outputs=outputs))


def test_a_psbt_is_opened_shown_signed_and_sent(live: Live, tmp_path: Path) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    path = tmp_path / "payment.psbt"
    path.write_bytes(psbt.serialize())
    dialog.open_file(path)
    live.settle()
    shown = texts(dialog)
    assert "0 of 1 inputs are signed" in dialog.message.text
    for part in (in_fours(FOREIGN), "60,000\u00a0sat", "yours · not signed", "not yours", "change, yours", "vB"):
        assert part in shown
    assert not dialog.steps.send_button.isVisible()
    assert narrow(live, dialog) == []
    dialog.steps.password.setText("wrong")
    dialog.steps.sign_button.click()
    live.settle()
    assert "wrong" in dialog.steps.password_field.error
    assert not dialog.steps.sign_button.is_busy
    dialog.steps.password.setText(PASSWORD)
    dialog.steps.sign_button.click()
    live.settle()
    assert "Inputs signed now: 1. Every signature is there" in dialog.steps.message.text
    assert dialog.steps.password.text() == ""
    assert not dialog.steps.sign_button.isVisible()
    assert "yours · signed" in texts(dialog)
    send = dialog.steps.send_button
    assert send.isVisible()
    assert not send.isEnabled()
    live.until(send.isEnabled, "sending to be armed")
    send.click()
    live.wait(dialog.sent.isVisible, "the payment to be sent")
    (sent,) = [row for row in live.ask(api.GetHistory()) if row.amount < 0]
    assert sent.txid == dialog.sent.txid.text()
    assert sent.amount == -60_000 - (sent.fee or 0)
    dialog.close()


def test_text_on_the_clipboard_is_taken_and_signatures_are_put_together(live: Live) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    QGuiApplication.clipboard().setText(psbt.serialize().hex())
    dialog.activateWindow()
    live.settle()
    live.press(dialog, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    live.settle()
    assert dialog.psbt == psbt
    signed = live.ask(api.SignPsbt(psbt.to_base64(), PASSWORD))
    QGuiApplication.clipboard().setText(f"  {signed.psbt[:80]}\n{signed.psbt[80:]}\n")
    dialog.source.paste_button.click()
    live.settle()
    assert "Put together. Every signature is there" in dialog.message.text
    assert dialog.steps.send_button.isVisible()
    assert not dialog.steps.sign_button.isVisible()
    dialog.steps.copy_button.click()
    assert Psbt.from_base64(QGuiApplication.clipboard().text()).finalize().is_complete
    dialog.close()


def test_a_wallet_that_only_watches_hands_it_on_and_sends_what_comes_back(live: Live) -> None:
    window, psbt = begin(live)
    signed = live.ask(api.SignPsbt(psbt.to_base64(), PASSWORD)).psbt
    descriptors = "\n".join(row.descriptor for row in live.ask(api.GetDescriptors()))
    live.ask(api.CloseWallet())
    made = live.ask(api.RestoreWallet("watching", descriptors, PASSWORD, vault="file", birthday=0))
    live.run(window.enter(made.wallet))
    assert window.shell is not None
    overview = window.shell.page("overview")
    assert isinstance(overview, OverviewPage)
    live.wait(lambda: overview.balance.sats == 100_000, "what the keys have")
    dialog = tool(live, window)
    dialog.show_psbt(psbt)
    live.settle()
    assert "yours · not signed" in texts(dialog)
    assert not dialog.steps.sign_button.isVisible()
    assert "sign it where the keys are" in dialog.steps.advice.text()
    dialog.take_text(signed)
    live.settle()
    live.until(dialog.steps.send_button.isEnabled, "sending to be armed")
    dialog.steps.send_button.click()
    live.wait(dialog.sent.isVisible, "the payment to be sent")
    assert live.ask(api.GetHistory())[0].txid == dialog.sent.txid.text()
    dialog.close()


def test_another_payment_is_not_mixed_with_the_one_shown(live: Live) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    dialog.show_psbt(psbt)
    live.settle()
    dialog.take_text(paying(psbt, 59_000).to_base64())
    live.settle()
    assert "another payment" in dialog.message.text
    assert dialog.psbt == psbt
    dialog.close()


def test_an_absurd_fee_is_signed_only_once_its_number_was_typed(live: Live) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    dialog.show_psbt(paying(psbt, 1_000))
    live.settle()
    fee = dialog.review.fee if dialog.review is not None else None
    assert fee is not None
    assert "the fee of" in texts(dialog).lower()
    dialog.steps.password.setText(PASSWORD)
    dialog.steps.sign_button.click()
    assert dialog.steps.accept_field.error
    live.type(dialog.steps.accept.box, str(fee - 1))
    dialog.steps.sign_button.click()
    assert "not the fee" in dialog.steps.accept_field.error
    assert not dialog.steps.sign_button.is_busy
    dialog.steps.accept.set_value(fee)
    dialog.steps.sign_button.click()
    live.settle()
    assert dialog.review is not None
    assert dialog.review.complete
    live.until(dialog.steps.send_button.isEnabled, "sending to be armed")
    dialog.steps.send_button.click()
    assert dialog.steps.accept_field.error, "the fee is asked for again before it is sent"
    dialog.close()


def test_what_the_engine_stops_is_neither_signed_nor_sent(live: Live) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    dialog.show_psbt(paying(psbt, 900_000))
    live.settle()
    assert "pay more than the inputs bring" in texts(dialog)
    assert not dialog.steps.sign_button.isVisible()
    assert not dialog.steps.send_button.isVisible()
    assert "neither signs nor sends" in dialog.steps.advice.text()
    dialog.close()


def test_an_output_that_claims_to_be_change_is_told(live: Live) -> None:
    window, psbt = begin(live)
    (claim,) = [each for each in psbt.outputs if each.derivations]
    liar = replace(psbt, outputs=tuple(claim if each == PsbtOutput() else each for each in psbt.outputs))
    dialog = tool(live, window)
    dialog.show_psbt(liar)
    live.settle()
    assert "claims to come back to this wallet, and does not" in texts(dialog)
    dialog.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello", "neither in binary nor in base64 or hex"),
        (b"psbt\xff\x00", "missing"),
        (b"cHNidP8!!", "not base64"),
        (b"70736274ffzz", "begins like one in hex"),
        (b"psbt\xff" + bytes(5_000_000), "too large"),
    ],
)
def test_a_file_that_is_no_psbt_says_why(live: Live, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.psbt"
    path.write_bytes(content)
    dialog = live.window().look_at(path)  # no wallet is open
    assert isinstance(dialog, PsbtDialog)
    live.settle()
    assert says in dialog.message.text
    assert dialog.message.kind == "error"
    dialog.open_file(tmp_path / "nowhere.psbt")
    live.settle()
    assert "could not be read" in dialog.message.text
    dialog.close()


def test_a_file_dropped_on_the_window_is_looked_at(live: Live, tmp_path: Path) -> None:
    window, psbt = begin(live)
    path = tmp_path / "signed elsewhere.PSBT"
    path.write_bytes(psbt.serialize())
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NO_KEYS))
    live.settle()
    dialog = window.findChild(PsbtDialog)
    assert dialog is not None
    assert dialog.psbt == psbt
    window.lock()
    live.settle()
    assert window.findChild(PsbtDialog) is None, "nothing of the wallet stays on the screen while it is locked"


def test_it_is_kept_as_bytes_or_as_text(live: Live, tmp_path: Path) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    dialog.show_psbt(psbt)
    live.settle()
    for name in ("a.psbt", "a.txt"):
        live.run(dialog.save(tmp_path / name))
        assert name in dialog.message.text
    assert (tmp_path / "a.psbt").read_bytes() == psbt.serialize()
    assert (tmp_path / "a.txt").read_text().strip() == psbt.to_base64()
    live.run(dialog.save(tmp_path / "nowhere" / "a.psbt"))
    assert "could not be written" in dialog.message.text
    dialog.close()


def test_it_is_shown_as_codes_that_follow_what_is_signed(live: Live) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    dialog.show_psbt(psbt)
    live.settle()
    assert not dialog.codes.isVisible()
    dialog.steps.codes_button.click()
    assert dialog.codes.isVisible()
    assert narrow(live, dialog) == []
    assert Collector().take(dialog.codes.codes) == [psbt.to_base64()]
    dialog.steps.password.setText(PASSWORD)
    dialog.steps.sign_button.click()
    live.settle()
    assert Collector().take(dialog.codes.codes) == [dialog.text()]
    assert dialog.text() != psbt.to_base64()
    dialog.steps.codes_button.click()
    assert not dialog.codes.isVisible()
    dialog.close()


def test_codes_of_a_series_are_read_from_a_picture(live: Live) -> None:
    window, psbt = begin(live)
    dialog = tool(live, window)
    codes = split_bbqr(psbt.serialize(), bbqr.PSBT, 11)
    dialog.source.scan_button.read_image(picture(*codes))
    live.settle()
    assert dialog.psbt == psbt
    dialog.source.scan_button.read_image(picture())
    live.settle()
    assert "no QR code" in dialog.message.text
    dialog.close()


# --- the rules, without a window


ROW_IN = api.PsbtInputRow("aa:0", 50_000, FOREIGN, own=True, signatures=1, needed=2, signed=False)
ROW_OUT = api.PsbtOutputRow(FOREIGN, 40_000, own=False, change=False)
REVIEW = api.PsbtReview("aa", 0, (ROW_IN,), (ROW_OUT,), 40_000, -50_000, 10_000, 60.0, 166, 0, False, ())


def test_words_about_signatures() -> None:
    def note(**fields: object) -> str:
        return words.inputs_of(replace(REVIEW, inputs=(replace(ROW_IN, **fields),)))[0].note  # type: ignore[arg-type]

    assert note() == "yours · 1 of 2 signatures"
    assert note(needed=None, own=False) == "not yours · a kind that Wren cannot judge"
    assert note(signed=True, own=None) == "no wallet says whose · signed"


def test_what_leaves_the_wallet_is_shown_first_and_the_rest_is_counted() -> None:
    own = replace(ROW_OUT, own=True, change=True)
    review = replace(REVIEW, outputs=(*(own,) * 70, ROW_OUT, ROW_OUT))
    ends = words.outputs_of(review)
    assert [end.foreign for end in ends[:3]] == [True, True, False]
    shown, rest = words.split(ends, 60)
    assert len(shown) == 60
    assert rest.startswith("and 12 more, 0 of them not yours")
    assert words.split(ends[:3], 60) == (ends[:3], "")


def test_nothing_is_drawn_where_nothing_adds_up() -> None:
    assert words.flow_of(replace(REVIEW, fee=-5)) is None
    assert words.flow_of(replace(REVIEW, outputs=())) is None
    assert words.flow_of(replace(REVIEW, fee=None)) is not None


def test_from_when_it_is_valid() -> None:
    assert words.valid_from(0) == ""
    assert words.valid_from(850_000) == "valid from block 850,000 on"
    assert "2106" in words.valid_from(0xFFFFFFFF)
