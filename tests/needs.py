"""What some tests need from the machine. Without it they skip, with a loud last word; in CI they fail."""

import os
from typing import Final, NoReturn

import pytest

IN_CI: Final = os.environ.get("CI") == "true"

REAL_NODE: Final = "no real Bitcoin node"
SECRET_SERVICE: Final = "no real Secret Service"
C_COMPILER: Final = "no C compiler"
DESKTOP_VALIDATORS: Final = "no validator of the desktops"

# What to do about each, for the last lines of the run.
REMEDIES: Final = {
    REAL_NODE: "set BITCOIND, put bitcoind on the PATH, or run tools/fetch_node.py on a Debian-like system",
    SECRET_SERVICE: "install dbus, gnome-keyring and libsecret-tools (tools/system_packages.py --tests)",
    C_COMPILER: "install gcc and the C library's headers (tools/system_packages.py --tests)",
    DESKTOP_VALIDATORS: "install desktop-file-utils and appstream (tools/system_packages.py --tests)",
}


def lacking(need: str, detail: str = "") -> NoReturn:
    """End the running test or fixture: a failure in CI, a skip elsewhere."""
    reason = f"{need}: {detail}" if detail else need
    if IN_CI:
        pytest.fail(f"{reason} (in CI this must be there)", pytrace=False)
    pytest.skip(reason)
