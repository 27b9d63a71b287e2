"""The vault in a real keyring: kept, changed, removed, locked, and gone."""

import gc
import subprocess
from collections.abc import Callable

import pytest

from tests.keyring.secret_service import SecretService
from wallet.keys.backends import KeyringBackend, KeyringItems, probe
from wallet.keys.database_key import KeyringDatabaseKey
from wallet.keys.record import KdfCost, Secret, VaultError
from wallet.keys.vault import change_password, open_vault, store_secret

CHEAP = KdfCost(19 * 1024, 1, 1)
SECRET = Secret("bip39", bytes(range(32)), "english")
UUID = "0b8c6a3e-0000-4000-8000-000000000001"


def items_of_wren(service: SecretService) -> list[str]:
    """The names of Wren's items, as another program sees them."""
    command = ["secret-tool", "search", "--all", "service", "Wren"]
    found = subprocess.run(command, env=service.environment, capture_output=True, text=True, check=False, timeout=20)
    lines = (found.stdout + found.stderr).splitlines()
    return sorted(line.partition(" = ")[2] for line in lines if line.startswith("attribute.username"))


def lead_to(service: SecretService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("secret_service_environment")
def test_a_vault_is_kept_changed_and_removed(secret_service: SecretService) -> None:
    assert probe("auto") == "keyring"
    items = KeyringItems()
    store = KeyringBackend(items, UUID)
    store_secret(store, SECRET, "old", CHEAP)
    key = KeyringDatabaseKey(items, UUID)
    key.store(bytes(32))
    assert items_of_wren(secret_service) == [f"database:{UUID}", f"vault:{UUID}:A"]
    assert key.load() == bytes(32)

    change_password(KeyringBackend(KeyringItems(), UUID), "old", "new", CHEAP)
    assert items_of_wren(secret_service) == [f"database:{UUID}", f"vault:{UUID}:B"]
    assert open_vault(store, "new").secret == SECRET
    with pytest.raises(VaultError) as caught:
        open_vault(store, "old")
    assert caught.value.code == "bad_password"

    store.clear()
    key.delete()
    key.delete()
    assert items_of_wren(secret_service) == []
    with pytest.raises(VaultError) as caught:
        key.load()
    assert caught.value.code == "not_found"


@pytest.mark.usefixtures("secret_service_environment")
@pytest.mark.parametrize("forced", ["keyring.backends.null.Keyring", "keyrings.alt.file.PlaintextKeyring"])
def test_a_backend_forced_by_the_environment_is_not_used(
    secret_service: SecretService, monkeypatch: pytest.MonkeyPatch, forced: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", forced)
    KeyringItems().set("forced", "text")
    assert items_of_wren(secret_service) == ["forced"]
    KeyringItems().delete("forced")


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(VaultError) as caught:
        call()
    return caught.value.code


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the keyring library's, when a keyring is locked
def test_a_locked_keyring_is_an_error_and_never_a_reason_to_take_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with SecretService() as service:
        lead_to(service, monkeypatch)
        KeyringItems().set("kept", "text")
        service.end_daemon()
        service.start_daemon(unlocked=False)
        assert code_of(lambda: probe("auto")) == "vault_unavailable"
        assert code_of(lambda: KeyringItems().get("kept")) == "vault_unavailable"

        service.end_daemon()
        assert probe("auto") == "file"
        assert code_of(lambda: KeyringItems().get("kept")) == "vault_unavailable"
    gc.collect()
