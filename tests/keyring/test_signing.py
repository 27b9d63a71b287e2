"""The vault child before a real keyring that keeps, is locked, hangs, or is gone."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.keyring.secret_service import SecretService
from wallet.engine.api import WrenError
from wallet.engine.signing import RestoreInput, Vault, VaultRef

COST = (19 * 1024, 1, 1)
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
UUID = "0b8c6a3e-0000-4000-8000-000000000003"


async def code_of_probe() -> str:
    with pytest.raises(WrenError) as caught:
        await Vault(COST).probe("auto")
    return caught.value.code


def lead_to(service: SecretService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)


async def test_a_keyring_that_hangs_is_reported_within_15_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with SecretService() as service:
        lead_to(service, monkeypatch)
        assert await Vault(COST).probe("auto") == "keyring"
        assert service.daemon is not None
        os.kill(service.daemon.pid, signal.SIGSTOP)
        ref = VaultRef(tmp_path, UUID, "keyring", "regtest")
        async with asyncio.timeout(15):
            codes = await asyncio.gather(
                Vault(COST).probe("auto"), Vault(COST).open_database(ref), return_exceptions=True
            )
        assert [code.code for code in codes if isinstance(code, WrenError)] == ["vault_unavailable"] * 2

        os.kill(service.daemon.pid, signal.SIGCONT)
        assert await Vault(COST).probe("auto") == "keyring"


@pytest.mark.usefixtures("secret_service_environment")
async def test_a_wallet_in_the_keyring_opens_without_a_question_and_signs_by_its_password(
    secret_service: SecretService, tmp_path: Path
) -> None:
    vault, ref = Vault(COST), VaultRef(tmp_path, UUID, "keyring", "regtest")
    made = await vault.create(ref, RestoreInput(WORDS), "Tr0ub4dor-canary")
    assert made.kind == "keyring"
    assert await vault.open_database(ref) == made.database_key
    assert await vault.words(ref, "Tr0ub4dor-canary") == WORDS
    with pytest.raises(WrenError) as caught:
        await vault.words(ref, None)
    assert caught.value.code == "bad_password"

    assert names_in(tmp_path) == ["recovery.key"]
    kept = texts_of_wren(secret_service)
    assert "secret = " in kept
    assert not any(word in kept for word in ("abandon", "Tr0ub4dor"))

    await vault.change_password(ref, "Tr0ub4dor-canary", None)
    assert await vault.words(ref, None) == WORDS
    await vault.delete(ref)
    assert texts_of_wren(secret_service) == ""
    assert names_in(tmp_path) == []


@pytest.mark.usefixtures("secret_service_environment")
async def test_after_the_keyring_was_emptied_the_words_bring_the_same_wallet_back(
    secret_service: SecretService, tmp_path: Path
) -> None:
    vault, ref = Vault(COST), VaultRef(tmp_path, UUID, "keyring", "regtest")
    made = await vault.create(ref, RestoreInput(WORDS), "old")
    empty(secret_service)
    for call in (vault.open_database(ref), vault.words(ref, "old")):
        with pytest.raises(WrenError) as caught:
            await call
        assert caught.value.code == "not_found"

    assert await vault.repair(ref, RestoreInput(WORDS), "new") == made.database_key
    assert await vault.open_database(ref) == made.database_key
    assert await vault.words(ref, "new") == WORDS
    await vault.delete(ref)


@pytest.mark.usefixtures("secret_service_environment")
async def test_a_secret_too_large_for_the_keyring_goes_to_a_file_and_says_so(
    secret_service: SecretService, tmp_path: Path
) -> None:
    vault, ref = Vault(COST), VaultRef(tmp_path, UUID, "keyring", "regtest")
    large = RestoreInput(WORDS, passphrase="long " * 200)
    with pytest.raises(WrenError) as caught:
        await vault.create(ref, large, None)
    assert caught.value.code == "refused"

    made = await vault.create(ref, large, "pw")
    assert made.kind == "file"
    assert "too large" in made.note
    assert texts_of_wren(secret_service) == ""
    in_file = VaultRef(tmp_path, UUID, "file", "regtest")
    assert await vault.open_database(in_file, "pw") == made.database_key


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def empty(service: SecretService) -> None:
    command = ["secret-tool", "clear", "service", "Wren"]
    subprocess.run(command, env=service.environment, check=True, timeout=20)


def texts_of_wren(service: SecretService) -> str:
    """All that the keyring holds for Wren, as another program reads it."""
    command = ["secret-tool", "search", "--all", "service", "Wren"]
    found = subprocess.run(command, env=service.environment, capture_output=True, text=True, check=False, timeout=20)
    return found.stdout


async def test_a_locked_keyring_is_reported_and_a_missing_one_means_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with SecretService() as service:
        lead_to(service, monkeypatch)
        service.end_daemon()
        service.start_daemon(unlocked=False)
        assert await code_of_probe() == "vault_unavailable"
        service.end_daemon()
        assert await Vault(COST).probe("auto") == "file"
