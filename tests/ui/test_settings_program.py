"""Looking again, other money, practice and proofs: the settings with the real engine."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.ui.play import Live
from tests.ui.settingsforms import settings_page
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.pages.proof import ProofFileDialog
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.settings.rate import read_detail
from wallet.ui.settings.rescan import read_start


def test_looking_again_takes_a_height_a_day_or_nothing(live: Live) -> None:
    _, shell = live.begin()
    page = settings_page(live, shell)
    card = page.rescan
    card.start_box.setText("last summer")
    card.look_button.click()
    assert "2024-04-20" in card.start_field.error
    card.start_box.setText("3")
    card.gap_box.setText("40")
    card.look_button.click()
    card.look_button.click()
    live.settle()
    assert "block 3" in card.message.text
    assert "40 unused" in card.message.text
    card.start_box.setText("2999-01-01")
    card.look_button.click()
    live.settle()
    assert "still to come" in card.message.text
    live.wait(lambda: shell.status is not None and shell.status.synced, "the search to end")


@pytest.mark.parametrize(
    ("text", "start"), [("", None), (" 840000 ", 840_000), ("2024-04-20", date(2024, 4, 20))], ids=repr
)
def test_a_start_is_read(text: str, start: int | date | None) -> None:
    assert read_start(text) == start


@pytest.mark.parametrize("text", ["20.4.2024", "-3", "²", "9" * 30, "2024-13-01"])
def test_what_is_no_start_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2024-04-20"):
        read_start(text)


def test_a_rate_is_typed_taken_from_a_file_and_switched_off(live: Live, tmp_path: Path) -> None:
    _, shell = live.begin()
    card = settings_page(live, shell).rate
    assert card.now.text().startswith("Off")
    assert not card.detail_field.isVisible()
    card.source.choose("hand")
    card.keep.click()
    assert card.detail_field.error
    live.type(card.detail, "62000.50")
    card.keep.click()
    assert card.currency_field.error
    live.type(card.currency, "eur")
    card.keep.click()
    live.settle()
    assert card.now.text().startswith("1 BTC is 62000.50 EUR")
    card.source.choose("file")
    source = tmp_path / "rate"
    source.write_text("50000 EUR\n")
    live.type(card.detail, str(source))
    card.keep.click()
    live.settle()
    assert card.now.text().startswith("1 BTC is 50000 EUR")
    card.source.choose("command")
    live.type(card.detail, "printf 'unclosed")
    card.keep.click()
    assert "closed" in card.detail_field.error
    card.detail.setText(f"{shutil.which('printf')} 41000")
    card.keep.click()
    live.settle()
    assert card.now.text().startswith("1 BTC is 41000 EUR")
    card.source.choose("off")
    live.settle()
    assert live.ask(api.GetRate()).source == "off"
    assert not card.currency_field.isVisible()
    live.settle()


def test_a_program_is_split_as_a_shell_would_and_a_path_is_not() -> None:
    assert read_detail("command", "a 'b c' d") == ("a", "b c", "d")
    assert read_detail("file", "/my rates/now") == ("/my rates/now",)


def test_practice_is_offered_and_proofs_are_verified(stage: Stage, tmp_path: Path) -> None:
    window = stage.shell().window()
    shell = window.shell  # type: ignore[attr-defined]
    shell.sidebar.choose("settings")
    stage.settle()
    page = shell.page("settings")
    assert isinstance(page, SettingsPage)
    wanted: list[bool] = []
    window.practise.connect(lambda: wanted.append(True))  # type: ignore[attr-defined]
    page.trying.practise_button.click()
    assert wanted == [True]
    page.trying.verify(tmp_path / "missing.json")
    (dialog,) = page.findChildren(ProofFileDialog)
    stage.until(lambda: dialog.problem.text, "the file's problem")
    dialog.close()
