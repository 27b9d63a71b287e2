from pathlib import Path

import pytest

from wallet.store.errors import StoreError
from wallet.store.settings import Settings


def test_settings_come_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(path)
    assert settings.text("theme", "system") == "system"
    settings.set(theme="dark", fiat=False, zoom=1.25)
    settings.set(fiat=None)
    again = Settings(path)
    assert dict(again.values) == {"theme": "dark", "zoom": 1.25}
    assert (again.text("theme"), again.number("zoom"), again.flag("fiat", True)) == ("dark", 1.25, True)


def test_a_value_of_another_kind_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": 5, "zoom": true, "fiat": "yes", "list": [1]}')
    settings = Settings(path)
    assert (settings.text("theme", "a"), settings.number("zoom", 2), settings.flag("fiat")) == ("a", 2, False)
    assert "list" not in settings.values


DAMAGED = {
    "empty": b"",
    "truncated": b'{\n  "own_node_main": "192.0.2.7:83',
    "zeros": bytes(200),
    "garbage": bytes(range(128, 256)),
    "no object": b"[1]",
    "endless": b"[" * 100_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_told_of_from_then_on_and_kept_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert Settings(path).lost
    settings = Settings(path)  # who only reads changes nothing
    assert (settings.lost, settings.text("own_node_main")) == (True, "")
    assert path.read_bytes() == content
    settings.set(theme="light")
    settings.set(theme="dark")
    assert path.with_name("settings.json.damaged").read_bytes() == content
    again = Settings(path)
    assert (again.lost, again.text("theme")) == (True, "dark")


def test_a_damaged_file_that_cannot_be_kept_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"{")
    path.with_name("settings.json.damaged").mkdir()
    settings = Settings(path)
    with pytest.raises(StoreError):
        settings.set(theme="dark")
    assert path.read_bytes() == b"{"


def test_a_file_that_is_there_and_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert not Settings(path).lost
    path.symlink_to(tmp_path / "a disk that is not here" / "settings.json")
    with pytest.raises(StoreError):
        Settings(path)


def test_what_cannot_be_written_is_not_set(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "nowhere" / "settings.json")
    with pytest.raises(StoreError):
        settings.set(theme="dark")
    assert settings.values == {}
