"""The vault child before a real keyring that keeps, is locked, hangs, or is gone."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.keyring.secret_service import SecretService
from wallet.engine.api import WrenError
from wallet.engine.signing import Vault, VaultRef

COST = (19 * 1024, 1, 1)
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


async def test_a_locked_keyring_is_reported_and_a_missing_one_means_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with SecretService() as service:
        lead_to(service, monkeypatch)
        service.end_daemon()
        service.start_daemon(unlocked=False)
        assert await code_of_probe() == "vault_unavailable"
        service.end_daemon()
        assert await Vault(COST).probe("auto") == "file"
