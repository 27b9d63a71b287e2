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


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{")
    settings = Settings(path)
    assert settings.values == {}
    assert settings.damaged is not None
    assert settings.damaged.read_text() == "{"
    settings.set(theme="light")
    assert Settings(path).damaged is None


def test_what_cannot_be_written_is_not_set(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "nowhere" / "settings.json")
    with pytest.raises(StoreError):
        settings.set(theme="dark")
    assert settings.values == {}
