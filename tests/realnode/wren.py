"""Runs Wren's command line as a user's shell would, against a real node on regtest."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PASSWORD = "correct horse"
TIMEOUT = 90


class WrenFailed(Exception):
    """A command that exited with 1: its code, its line, and both streams."""

    def __init__(self, code: str, message: str, stderr: str) -> None:
        super().__init__(f"{code}: {message}\n{stderr}")
        self.code = code
        self.message = message
        self.stderr = stderr


@dataclass
class Wren:
    """One data folder. Global options come first, as in the contract."""

    folder: Path
    peers: tuple[str, ...] = ()
    wallet: str | None = None
    password: str | None = PASSWORD
    extra: tuple[str, ...] = ()
    network: str = "regtest"
    environment: dict[str, str] | None = field(default=None)
    timeout: float = TIMEOUT

    def command(self, *arguments: str, as_json: bool = True) -> list[str]:
        line = [sys.executable, "-m", "wallet", "--network", self.network, "--data-dir", str(self.folder)]
        line += ["--vault", "file", *self._password_options()]
        for peer in self.peers:
            line += ["--peer", peer]
        if self.wallet is not None:
            line += ["--wallet", self.wallet]
        if as_json:
            line.append("--json")
        return [*line, *self.extra, *arguments]

    def _password_options(self) -> list[str]:
        if self.password is None:
            return ["--no-password"]
        file = self.folder.parent / f"{self.folder.name}.password"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.password + "\n")
        return ["--password-file", str(file)]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command and leave it running; the caller ends it."""
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def complete(self, *arguments: str, stdin: str = "", as_json: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end, whatever its exit code."""
        return subprocess.run(
            self.command(*arguments, as_json=as_json),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=self.timeout,
            check=False,
            env=self.environment,
        )

    def __call__(self, *arguments: str, stdin: str = "") -> Any:
        """Run a command that must succeed and answer its JSON. Raises WrenFailed on exit 1."""
        done = self.complete(*arguments, stdin=stdin)
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        assert done.returncode in {0, 1}, done.stderr
        value = json.loads(done.stdout)
        if done.returncode:
            error = value["error"]
            assert done.stderr.startswith("error: "), done.stderr
            assert done.stderr.count("\n") == 1, done.stderr
            raise WrenFailed(error["code"], error["message"], done.stderr)
        return value
