"""What is done with keys as a whole, before a real keyring: moved, deleted, killed on the way, emptied, hung, gone."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.keyring.secret_service import SecretService
from tests.keyring.test_signing import empty
from tests.keyring.test_vault import items_of_wren, lead_to
from wallet import app
from wallet.engine import api
from wallet.engine.engine import WrenEngine

ROOT = Path(__file__).parents[2]
CHEAP = (19 * 1024, 1, 1)
PASSWORD = "correct horse"
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


@contextlib.asynccontextmanager
async def engine_on(folder: Path) -> Any:
    engine = app.make_engine(api.EngineOptions(network="regtest", data_dir=str(folder), kdf=CHEAP))
    assert isinstance(engine, WrenEngine)
    try:
        yield engine
    finally:
        await engine.close()


def uuid_of(folder: Path) -> str:
    return str(json.loads((folder / "wallets/default/wallet.json").read_text())["uuid"])


def home_of(folder: Path) -> str:
    return str(json.loads((folder / "wallets/default/wallet.json").read_text())["vault"])


async def create(engine: WrenEngine) -> None:
    await engine.run(api.CreateWallet("default", PASSWORD, WORDS, vault="keyring"))
    await engine.run(api.SetLabel("addr", "somewhere", "kept"))


def is_whole(engine: WrenEngine) -> bool:
    return engine._session is not None and "kept" in engine._session.ledger.labels.values()


@pytest.mark.usefixtures("secret_service_environment")
async def test_keys_move_to_a_file_and_back_and_the_wallet_is_deleted(
    secret_service: SecretService, tmp_path: Path
) -> None:
    async with engine_on(tmp_path) as engine:
        await create(engine)
        uuid = uuid_of(tmp_path)
        with pytest.raises(api.WrenError) as caught:
            await engine.run(api.MoveVault("file", "guessed"))
        assert (caught.value.code, home_of(tmp_path)) == ("bad_password", "keyring")

        assert (await engine.run(api.MoveVault("file", PASSWORD))).vault == "file"
        assert items_of_wren(secret_service) == []
        assert await engine.run(api.GetWords(PASSWORD)) == WORDS
        assert (await engine.run(api.MoveVault("keyring", PASSWORD))).vault == "keyring"
        assert items_of_wren(secret_service) == [f"database:{uuid}", f"vault:{uuid}:A"]
        names = {path.name for path in (tmp_path / "wallets/default").iterdir()}
        assert not names & {"vault.bin", "wallet.key"}
        await engine.run(api.OpenWallet("default"))
        assert is_whole(engine)

        assert await engine.run(api.DeleteWallet("default", "default")) == api.DeletedWallet("default", "removed")
        assert items_of_wren(secret_service) == []
        assert list((tmp_path / "wallets").iterdir()) == []


@pytest.mark.usefixtures("secret_service_environment")
async def test_a_wiped_keyring_is_said_and_the_words_bring_the_wallet_and_its_labels_back(
    secret_service: SecretService, tmp_path: Path
) -> None:
    async with engine_on(tmp_path) as engine:
        await create(engine)
        await engine.run(api.CloseWallet())
        empty(secret_service)
        with pytest.raises(api.WrenError) as caught:
            await engine.run(api.OpenWallet("default"))
        assert caught.value.code == "not_found"
        await engine.run(api.RepairVault("default", WORDS, "another"))
        uuid = uuid_of(tmp_path)
        assert items_of_wren(secret_service) == [f"database:{uuid}", f"vault:{uuid}:A"]
        await engine.run(api.OpenWallet("default"))
        assert is_whole(engine)
        assert await engine.run(api.GetWords("another")) == WORDS
        await engine.run(api.DeleteWallet("default", "default"))


CREATE = """
import asyncio, sys
from wallet import app
from wallet.engine import api

async def main():
    engine = app.make_engine(api.EngineOptions(network="regtest", data_dir=sys.argv[1], kdf=(19 * 1024, 1, 1)))
    from dataclasses import replace
    from wallet.engine.engine import WrenEngine
    import os, signal
    def dead(path, key):
        os.kill(os.getpid(), signal.SIGKILL)
    engine = WrenEngine(replace(engine._parts, create_store=dead))
    await engine.run(api.CreateWallet("default", "pw", vault="keyring"))

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.usefixtures("secret_service_environment")
async def test_what_a_killed_creation_left_in_the_keyring_goes_at_the_next_start_and_nobody_elses_does(
    secret_service: SecretService, tmp_path: Path
) -> None:
    async with engine_on(tmp_path / "other") as engine:
        await create(engine)
    uuid = uuid_of(tmp_path / "other")
    others = [f"database:{uuid}", f"vault:{uuid}:A"]
    script = tmp_path / "create.py"
    script.write_text(CREATE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(script), str(tmp_path / "data")]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(items_of_wren(secret_service)) == 4

    async with engine_on(tmp_path / "other") as engine:
        await engine.run(api.ListWallets())
        await engine._tidying
        assert len(items_of_wren(secret_service)) == 4  # not this folder's to judge
        await engine.run(api.OpenWallet("default"))
    async with engine_on(tmp_path / "data") as engine:
        assert await engine.run(api.ListWallets()) == ()
        await engine._tidying
        assert items_of_wren(secret_service) == others
        assert list((tmp_path / "data" / "wallets").iterdir()) == []
    async with engine_on(tmp_path / "other") as engine:
        await engine.run(api.DeleteWallet("default", "default"))
    assert items_of_wren(secret_service) == []


@pytest.mark.parametrize("fault", ["hangs", "locked", "gone"])
async def test_a_keyring_that_fails_says_so_in_time_and_the_words_are_a_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    with SecretService() as service:
        lead_to(service, monkeypatch)
        async with engine_on(tmp_path) as engine:
            await create(engine)
            await engine.run(api.CloseWallet())
            assert service.daemon is not None
            if fault == "hangs":
                os.kill(service.daemon.pid, signal.SIGSTOP)
            else:
                service.end_daemon()
            if fault == "locked":
                service.start_daemon(unlocked=False)
            started = time.monotonic()
            with pytest.raises(api.WrenError) as caught:
                async with asyncio.timeout(15):
                    await engine.run(api.OpenWallet("default"))
            assert caught.value.code == "vault_unavailable", time.monotonic() - started
            assert "keyring" in caught.value.message

            assert (await engine.run(api.RepairVault("default", WORDS, "another", vault="file"))).vault == "file"
            await engine.run(api.OpenWallet("default", "another"))
            assert is_whole(engine)
            if fault == "gone":
                service.start_daemon()
                await engine._staging.tidy()
                assert items_of_wren(service) == []  # what lay there is no second way in


@pytest.mark.parametrize(
    "backend", ["keyring.backends.null.Keyring", "keyrings.alt.file.PlaintextKeyring", "keyring.backends.fail.Keyring"]
)
async def test_a_backend_forced_on_the_vault_child_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret_service: SecretService, backend: str
) -> None:
    """`keyrings.alt` is played by a package of that name that writes in the clear, registered as a backend."""
    lead_to(secret_service, monkeypatch)
    written = tmp_path / "in the clear"
    package = tmp_path / "site" / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "file.py").write_text(
        "import keyring.backend\n"
        "class PlaintextKeyring(keyring.backend.KeyringBackend):\n"
        "    priority = 99\n"
        f"    def set_password(self, *item): open({str(written)!r}, 'a').write(repr(item))\n"
        "    def get_password(self, *item): return None\n"
    )
    entry = tmp_path / "site" / "keyrings.alt-5.0.dist-info"
    entry.mkdir()
    (entry / "METADATA").write_text("Metadata-Version: 2.1\nName: keyrings.alt\nVersion: 5.0\n")
    (entry / "entry_points.txt").write_text("[keyring.backends]\nfile = keyrings.alt.file\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    async with engine_on(tmp_path / "data") as engine:
        await create(engine)
        assert len(items_of_wren(secret_service)) == 2
        assert await engine.run(api.GetWords(PASSWORD)) == WORDS
        assert not written.exists()
        await engine.run(api.DeleteWallet("default", "default"))
    assert items_of_wren(secret_service) == []
