"""What a window that only paid has in its memory, and what a life of payments leaves on the disk: no secret."""

import asyncio
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from embit import bip32, bip39

from tests.engine.world import World
from tests.ui.memory_window import PASSWORD, RECIPIENT
from wallet.engine import api

ROOT = Path(__file__).resolve().parents[2]
ENTROPY = hashlib.sha256(b"a seed to look for").digest()[:16]  # no pattern that any memory holds anyway
PHRASE = bip39.mnemonic_from_bytes(ENTROPY)


def secrets() -> dict[str, bytes]:
    """Whatever would give the money away, by name, as bytes to look for."""
    seed = bip39.mnemonic_to_seed(PHRASE)
    master = bip32.HDKey.from_seed(seed, version=bytes.fromhex("04358394"))
    account = master.derive("m/84h/1h/0h")
    raw = {
        "entropy": ENTROPY,
        "seed": seed[:32],
        "seed's end": seed[32:],
        "master key": master.secret,
        "account key": account.secret,
        "spent key": account.derive("m/0/0").secret,
    }
    words = PHRASE.split()
    texts = {f"words {pair}": " ".join(pair) for pair in pairwise(words)}
    texts |= {"master xprv": str(master)[:60], "account xprv": str(account)[:60]}
    texts |= {f"{name} in hex": value.hex() for name, value in raw.items()}
    found = raw | {name: text.encode() for name, text in texts.items()}
    return found | {f"{name}, wide": text.encode("utf-16-le") for name, text in texts.items()}


def memory(pid: int) -> Iterator[bytes]:
    """Everything that a process can write to, region by region."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as file:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if match is None or "[v" in line:
                continue
            start, end = (int(part, 16) for part in match.groups())
            file.seek(start)
            try:
                yield file.read(end - start)
            except OSError:
                continue


def held(pid: int, wanted: dict[str, bytes]) -> set[str]:
    return {name for region in memory(pid) for name, value in wanted.items() if value in region}


async def make_wallet(folder: Path) -> None:
    world = World(folder)
    world.chain.mine(101)
    await world.engine.run(api.CreateWallet("default", PASSWORD, PHRASE, vault="file"))
    await world.fund(100_000)
    await world.engine.close()


@pytest.fixture
def paid(tmp_path: Path) -> Path:
    """A data folder with a wallet that was paid."""
    asyncio.run(make_wallet(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_window_that_only_paid_has_no_secret_in_its_memory(paid: Path) -> None:
    if os.geteuid():
        pytest.skip("reads the memory of other processes: only root may")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "tests.ui.memory_window", str(paid)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as window:
        assert window.stdout is not None
        engine = int(window.stdout.readline())
        wanted = secrets() | {"the recipient": RECIPIENT.encode(), "the account": b"wpkh(["}
        try:
            found = {"window": held(window.pid, wanted), "engine": held(engine, wanted)}
        finally:
            window.kill()
    # What is there all the same shows that we look in the right place.
    assert found == {"window": {"the recipient"}, "engine": {"the recipient", "the account"}}


async def test_no_secret_lies_on_the_disk_after_all_that_is_done_with_keys(paid: Path, tmp_path: Path) -> None:
    """The canaries are the seed in every form, and the passwords; files of the wallet, logs, caches, backups."""
    world = World(paid)
    run = world.engine.run
    await run(api.OpenWallet("default", PASSWORD))
    await run(api.ChangePassword(PASSWORD, "canary-of-a-password"))
    await run(api.BackUp(str(paid / "backup"), "canary-of-a-password"))
    assert await run(api.GetWords("canary-of-a-password")) == PHRASE
    await run(api.RepairVault("default", PHRASE, "another-canary", vault="file"))
    with pytest.raises(api.WrenError):
        await run(api.RestoreWallet("default", PHRASE + " wrong", "third-canary", vault="file"))
    canaries = secrets() | {word: word.encode() for word in (PASSWORD, "canary-of-a-password", "another-canary")}
    canaries["third"] = b"third-canary"

    def leaks() -> list[str]:
        files = [path for path in paid.rglob("*") if path.is_file()]
        assert {"wallet.db", "vault.bin", "recovery.key", "backup"} <= {path.name for path in files}
        contents = [(path.name, path.read_bytes()) for path in files]
        return [f"{name} in {file}" for file, raw in contents for name, value in canaries.items() if value in raw]

    assert leaks() == []
    await world.engine.close()
    assert leaks() == []
    (paid / "planted").write_text(f"a log line: {PHRASE}")
    assert leaks()
