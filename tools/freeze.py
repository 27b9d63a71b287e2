"""Freeze Wren into build/freeze/wren and try what came out: python -m tools.freeze, where PyInstaller is.

The trial is a whole story on a network of play money: make a wallet, be paid, pay, prove, restore, and the window with
its engine in a process of its own; everything is the frozen program, the network too.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "freeze"
PROGRAM = BUILD / "wren"
SECONDS = 120
LOOK_SECONDS = 3
# Its libraries are bundled by a tool that leaves them in a shape which `strip` spoils.
SPOILT_BY_STRIP = "numpy.libs"


def build() -> None:
    """Run PyInstaller, then remove what only debuggers read."""
    command = ("PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", BUILD, "--workpath", BUILD / "work")
    subprocess.run([sys.executable, "-m", *map(str, command), str(ROOT / "packaging" / "wren.spec")], check=True)
    strip = shutil.which("strip")
    libraries = [path for path in files() if ".so" in path.suffixes and SPOILT_BY_STRIP not in path.parts]
    if strip and sys.platform == "linux":
        subprocess.run([strip, "--strip-debug", *map(str, libraries)], check=True)


def files() -> list[Path]:
    """All of the program's, links left out."""
    return [path for path in PROGRAM.rglob("*") if path.is_file() and not path.is_symlink()]


def megabytes() -> float:
    return sum(path.stat().st_size for path in files()) / 1e6


def wait_for(reached: Callable[[], object], what: str) -> None:
    for _ in range(SECONDS * 10):
        if reached():
            return
        time.sleep(0.1)
    raise SystemExit(f"{what}: not within {SECONDS} s")


class Network:
    """The frozen program's network of play money."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [PROGRAM / "wren", "practice"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        hello = self._answer()
        self.address = f"{hello['host']}:{hello['port']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=SECONDS)

    def _answer(self) -> dict[str, Any]:
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise SystemExit("the frozen network of play money ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def order(self, line: str) -> dict[str, Any]:
        if self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        return self._answer()


class Trial:
    """Runs the frozen program on folders of its own, with no keyring in reach."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
            "HOME": str(folder),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
            "QT_QPA_PLATFORM": "offscreen",
        }

    def options(self, wallet: str, network: Network) -> list[str]:
        data = str(self._folder / wallet)
        return [
            "--network",
            "regtest",
            "--data-dir",
            data,
            "--vault",
            "file",
            "--no-password",
            "--peer",
            network.address,
        ]

    def run(self, wallet: str, network: Network, *command: str, stdin: str | None = None) -> Any:
        """What a command of the frozen program answers."""
        done = subprocess.run(
            [PROGRAM / "wren", *self.options(wallet, network), "--json", *command],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"wren {' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def story(self, network: Network) -> None:
        """From a new wallet to the same wallet restored."""
        words = self.run("first", network, "create")["mnemonic"]
        network.order(f"pay {self.run('first', network, 'receive')['address']} 100000")
        network.order("mine 1")
        self.run("first", network, "sync")
        baker = network.order("people")["people"][0]["address"]
        paid = self.run("first", network, "send", baker, "40000", "--fee-rate", "2")
        network.order("mine 1")
        self.run("first", network, "sync")
        proof = json.dumps(self.run("first", network, "proof", paid["txid"]))
        (file := self._folder / "proof.json").write_text(proof)
        expect(self.run("first", network, "verify-proof", str(file))["valid"], True, "the proof")
        self.run("second", network, "restore", stdin=words)
        self.run("second", network, "sync")
        left = 100_000 - 40_000 - paid["fee"]
        for wallet in ("first", "second"):
            expect(self.run(wallet, network, "balance")["total"], left, f"the balance of the {wallet} wallet")

    def window(self) -> None:
        """A newcomer's window begins its engine as a process of its own; both end when the window is asked to."""
        window = subprocess.Popen([PROGRAM / "wren-window"], env=self.environment)
        try:
            wait_for(lambda: engines(window.pid) or window.poll() is not None, "the window's engine")
            (engine,) = engines(window.pid) or (0,)
            time.sleep(LOOK_SECONDS)
            expect(window.poll(), None, "the window, which should be open, but ended with")
            expect(engines(window.pid), [engine], "the engine's process")
        finally:
            window.terminate()
            window.wait(SECONDS)
        wait_for(lambda: not Path(f"/proc/{engine}").exists(), "the end of the engine")


def engines(parent: int) -> list[int]:
    """The processes that a frozen program spawned to run code of its own (Linux)."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    lines = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, line in lines.items() if b"--multiprocessing-fork" in line]


def expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


def main() -> None:
    """Build, try, and say how large it is."""
    build()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder))
        with Network(trial.environment) as network:
            trial.story(network)
            if sys.platform == "linux":
                trial.window()
    print(
        f"{PROGRAM}: {megabytes():.0f} MB; a wallet was made, paid, proven and restored with it, and its window opened"
    )


if __name__ == "__main__":
    main()
