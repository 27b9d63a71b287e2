"""A real Secret Service for tests: a session bus and GNOME's keyring daemon, with a home of their own."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests import needs

PROGRAMS: Final = ("dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool")
LOGIN_PASSWORD: Final = b"pw"
# What would lead a program to the desktop's own bus, keyring or home.
FOREIGN: Final = ("DISPLAY", "WAYLAND_", "GNOME_KEYRING_", "SSH_AUTH_SOCK", "DBUS_", "XDG_", "PYTHON_KEYRING_")
START_SECONDS: Final = 15.0

# Only what the tests need: services are started by us, never activated by the bus.
BUS_CONFIGURATION: Final = """\
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class SecretService:
    """The bus and the daemon; a context manager. `environment` leads a program to them.

    `daemon` is the daemon's process, for tests that stop (SIGSTOP) or kill it.
    """

    def __init__(self) -> None:
        if lacking := [program for program in PROGRAMS if not shutil.which(program)]:
            needs.lacking(needs.SECRET_SERVICE, f"{', '.join(lacking)} not installed")
        self._stack = contextlib.ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="wren-keyring-")))
        self._bus_socket = self._folder / "bus"
        self.environment = self._make_environment()
        self.daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self._stack.close)
            self._start_bus()
            self.start_daemon()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_daemon()
        self._stack.close()

    def start_daemon(self, *, unlocked: bool = True) -> None:
        """Start the daemon on its keyring files, as at a login; return when the bus knows it.

        Not `unlocked`, its login keyring (if there is one from before) is locked, and nobody is there to ask.
        """
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", *(["--unlock"] if unlocked else [])]
        self.daemon = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self.daemon.stdin is not None
        with self.daemon.stdin as password:
            password.write(LOGIN_PASSWORD if unlocked else b"")
        deadline = time.monotonic() + START_SECONDS
        while not self._is_on_the_bus():
            if time.monotonic() > deadline:
                self.end_daemon()
                needs.lacking(needs.SECRET_SERVICE, "the keyring daemon did not appear on the bus")
            time.sleep(0.02)

    def end_daemon(self) -> None:
        """Kill the daemon; the bus stays, and nothing answers for secrets."""
        if self.daemon is not None:
            end(self.daemon)
        self.daemon = None

    def _make_environment(self) -> dict[str, str]:
        home, runtime = self._folder / "home", self._folder / "run"
        for folder in (home, runtime):
            folder.mkdir(mode=0o700)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {
            **kept,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._bus_socket}",
        }

    def _start_bus(self) -> None:
        configuration = self._folder / "bus.conf"
        configuration.write_text(BUS_CONFIGURATION.format(socket=self._bus_socket))
        command = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address"]
        bus = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._stack.callback(end, bus)
        assert bus.stdout is not None
        if not bus.stdout.readline():  # the address, written once the bus listens
            needs.lacking(needs.SECRET_SERVICE, "the session bus did not start")

    def _is_on_the_bus(self) -> bool:
        command = [
            "dbus-send",
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        ]
        answer = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return "boolean true" in answer.stdout


def end(process: subprocess.Popen[bytes]) -> None:
    """End exactly this process, stopped or not, and wait for it."""
    process.kill()
    process.communicate()
