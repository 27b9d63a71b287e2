"""The descriptors for a wallet that watches: whole, by account, as text, as a file and as codes that readers read."""

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from tests.ui.fits import unfitting
from tests.ui.play import Live
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import REGTEST
from wallet.engine import api
from wallet.ui.models.codes import Collector
from wallet.ui.models.descriptors import ONE_CODE, shares_of
from wallet.ui.pages.descriptors import DescriptorsDialog
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.reading import codes_in


@pytest.fixture
def dialog(live: Live) -> DescriptorsDialog:
    _, shell = live.begin()
    shell.sidebar.choose("settings")
    live.settle()
    page = shell.page("settings")
    assert isinstance(page, SettingsPage)
    page.tools.descriptors_button.click()
    live.settle()
    opened = page.tools.opened
    assert isinstance(opened, DescriptorsDialog)
    return opened


def test_the_descriptors_are_copied_saved_and_shown_as_codes(
    live: Live, dialog: DescriptorsDialog, tmp_path: Path
) -> None:
    every = [row.descriptor for row in live.ask(api.GetDescriptors())]
    assert set(dialog.shown.text.splitlines()) == set(every)
    for line in every:
        assert "prv" not in line
        Descriptor.parse(line, REGTEST)
    assert dialog.message.kind == "warning"
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == dialog.shown.text
    assert not dialog.codes.isVisible()
    dialog.codes_button.click()
    assert dialog.codes.isVisible()
    dialog.resize(520, 600)
    live.settle()
    assert unfitting(dialog) == []
    assert Collector().take(dialog.codes.codes) == [dialog.shown.text]
    keys = list(dialog._shares)
    dialog.choice.choose(keys[-1])
    assert dialog.form.isVisible()
    dialog.form.choose("plain")
    live.settle()
    image = dialog.plain.image
    assert codes_in(image.scaled(image.width() * 4, image.height() * 4)) == (dialog.shown.text,)
    live.run(dialog.save(tmp_path / "kept.txt"))
    assert (tmp_path / "kept.txt").read_text().strip() == dialog.shown.text
    live.run(dialog.save(tmp_path / "nowhere" / "kept.txt"))
    assert "could not be written" in dialog.message.text
    dialog.close()


# --- the rules, without a window


def test_accounts_are_shared_alone_or_all_together() -> None:
    rows = [
        api.DescriptorRow(f"{kind}{number}{branch}", kind, number, change=bool(branch))
        for kind, number in (("p2wpkh", 0), ("p2tr", 0), ("p2tr", 1))
        for branch in (0, 1)
    ]
    shares = shares_of(rows)
    assert [share.name for share in shares] == ["All", "Native SegWit", "Taproot", "Taproot 1"]
    assert shares[1].text == "p2wpkh00\np2wpkh01"
    assert len(shares[0].text.splitlines()) == 6
    assert shares_of(rows[:2])[0].name == "Native SegWit"
    assert shares_of([]) == []
    assert not shares_of([api.DescriptorRow("x" * (ONE_CODE + 1), "p2tr", 0, change=False)])[0].fits_one_code
