"""Runs commands in this process: the same way through `wallet.app.main` as a shell's, without starting Python again."""

import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wallet import app

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> tuple[str, str]:
        """The code and the line of a failure, which must be told on both streams and nowhere else."""
        assert self.code == 1, self
        error = self.value["error"]
        assert set(error) == {"code", "message"}
        assert self.err == f"error: {error['message']}\n"
        assert "Traceback" not in self.out
        assert "a fault of its own" not in error["message"]
        return error["code"], error["message"]


@dataclass
class Cli:
    """One data folder on regtest. `options` come before the command."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    options: tuple[str, ...] = ("--no-password",)
    network: str = "regtest"

    def __call__(self, *arguments: str, stdin: str | bytes = "", as_json: bool = True) -> Done:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        line = ["--network", self.network, "--data-dir", str(self.folder), "--vault", "file", *self.options]
        line += ["--json"] if as_json else []
        self.capture.readouterr()
        try:
            code = app.main([*line, *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = self.capture.readouterr()
        return Done(code, out, err)

    def ok(self, *arguments: str, stdin: str = "") -> Any:
        """The answer of a command that must succeed, silently but for its one line."""
        done = self(*arguments, stdin=stdin)
        assert (done.code, done.err) == (0, ""), done
        assert done.out.count("\n") == 1
        return done.value


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A data folder with nothing in it."""
    return Cli(tmp_path / "data", capsys, monkeypatch)


@pytest.fixture(scope="session")
def made_wallets(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | None], tuple[Path, dict[str, Any]]]:
    """Data folders with one wallet, made once for each password: making one takes three processes and a hard KDF."""
    made: dict[str | None, tuple[Path, dict[str, Any]]] = {}

    def folder(password: str | None) -> tuple[Path, dict[str, Any]]:
        if password not in made:
            place = tmp_path_factory.mktemp("wallets")
            options = ["--no-password"]
            if password is not None:
                (place / "password").write_text(password + "\n")
                options = ["--password-file", str(place / "password")]
            out, real = io.StringIO(), sys.stdout
            sys.stdout = out
            try:
                line = ["--network", "regtest", "--data-dir", str(place / "data"), "--vault", "file", *options]
                assert app.main([*line, "--json", "create"]) == 0
            finally:
                sys.stdout = real
            made[password] = place / "data", json.loads(out.getvalue())
        return made[password]

    return folder


@pytest.fixture
def wallet(cli: Cli, made_wallets: Callable[[str | None], tuple[Path, dict[str, Any]]]) -> Cli:
    """A data folder of the test's own with a wallet that has no password."""
    shutil.copytree(made_wallets(None)[0], cli.folder)
    return cli


@pytest.fixture
def locked(cli: Cli, tmp_path: Path, made_wallets: Callable[[str | None], tuple[Path, dict[str, Any]]]) -> Cli:
    """The same with the password of `PASSWORD`, given by file."""
    shutil.copytree(made_wallets(PASSWORD)[0], cli.folder)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    cli.options = ("--password-file", str(tmp_path / "password"))
    return cli


@pytest.fixture
def mnemonic(made_wallets: Callable[[str | None], tuple[Path, dict[str, Any]]]) -> str:
    """The words of the wallet without a password."""
    return str(made_wallets(None)[1]["mnemonic"])
