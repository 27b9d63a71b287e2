"""Every command that touches keys, with the keys in a real keyring and with the keys in a file: one story for both."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wallet import app
from wallet.cli import main as cli
from wallet.cli.options import parse

CHEAP = (19 * 1024, 1, 1)
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
NOBODY = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


class Shell:
    """Runs commands with a cheap key derivation; the rest is as from a real shell."""

    def __init__(
        self, folder: Path, vault: str, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self.folder = folder
        self._vault = vault
        self._capture = capture
        self._patch = patch
        self.peer = ""
        self.password = "correct horse"

    def __call__(self, *arguments: str, stdin: str = "", wallet: str = "default") -> Any:
        secret = self.folder / "password"
        secret.write_text(self.password + "\n")
        line = ["--network", "regtest", "--data-dir", str(self.folder / "data"), "--vault", self._vault, "--json"]
        line += ["--wallet", wallet, "--password-file", str(secret), "--peer", self.peer]
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        self._capture.readouterr()
        code = cli.run(parse([*line, *arguments]), lambda options: app.make_engine(replace(options, kdf=CHEAP)))
        out, err = self._capture.readouterr()
        assert (code, err) == (0, ""), (arguments, out, err)
        return json.loads(out)


@pytest.fixture
def world() -> Iterator["World"]:
    with subprocess.Popen(
        [sys.executable, "-m", "wallet", "practice"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield World(process)
        process.kill()


class World:
    """A practice node in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        first = self._answer()
        self.peer = f"{first['host']}:{first['port']}"

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def order(self, line: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("secret_service_environment")
@pytest.mark.parametrize("vault", ["keyring", "file"])
def test_every_command_that_touches_keys_works(
    vault: str, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wren = Shell(tmp_path, vault, capsys, monkeypatch)
    wren.peer = world.peer
    made = wren("restore", stdin=WORDS)
    assert (made["kind"], made["vault"], made["fingerprint"]) == ("bip39", vault, "73c5da0a")
    assert wren("words")["mnemonic"] == WORDS

    address = wren("receive")["address"]
    world.order(f"pay {address} 1000000")
    world.order("mine 1")
    assert wren("sync", "--timeout", "60")["synced"] is True
    assert wren("balance")["confirmed"] == 1_000_000
    assert all("prv" in row["descriptor"] for row in wren("descriptors", "--private"))
    assert wren("accounts", "new", "--type", "p2tr")

    signature = wren("sign-message", address, "it is mine")["signature"]
    assert wren("verify-message", address, signature, "it is mine")["valid"] is True

    draft = tmp_path / "draft.psbt"
    wren("psbt", "create", NOBODY, "20000", "--fee-rate", "3", "--out", str(draft))
    assert wren("psbt", "sign", str(draft))["complete"] is True
    sent = wren("send", NOBODY, "30000", "--fee-rate", "2", "--timeout", "30")
    assert sent["broadcast"]["requested_by"] == 1
    bumped = wren("bump", sent["txid"], "--fee-rate", "9")
    assert bumped["replaces"] in (sent["txid"], [sent["txid"]])
    cancelled = wren("cancel", bumped["txid"], "--fee-rate", "30")
    world.order("mine 1")
    wren("sync", "--timeout", "60")
    assert wren("balance")["confirmed"] == 1_000_000 - cancelled["fee"]

    backup = tmp_path / "backup"
    wren("backup", str(backup))
    again = wren("restore", stdin=backup.read_text(), wallet="again")
    assert again["wallet"] == "again"
    assert wren("words", wallet="again")["mnemonic"] == WORDS

    (tmp_path / "new").write_text("another horse\n")
    wren("password", "--new-password-file", str(tmp_path / "new"))
    wren.password = "another horse"
    assert wren("words")["mnemonic"] == WORDS
    other = "file" if vault == "keyring" else "keyring"
    assert wren("vault", other)["vault"] == other
    assert wren("words")["mnemonic"] == WORDS
    for name in ("default", "again"):
        wren("wallets", "delete", name, "--confirm", name)
    assert list((tmp_path / "data" / "wallets").iterdir()) == []
