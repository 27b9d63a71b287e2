"""What the vault child does with a backup file: makes a wallet's vault of it. Imported in the child only."""

from collections.abc import Mapping
from typing import Any, Final

from wallet.engine import signing_tasks
from wallet.engine.signing_home import Announce, Request, Task
from wallet.keys.backup import open_backup
from wallet.keys.record import VaultError, wipe

ERRORS: Final = signing_tasks.ERRORS


def _create_from_backup(request: Request, announce: Announce) -> dict[str, Any]:
    """Store a backup's secret as a new wallet's vault, under the password that opened the backup."""
    opened, content = open_backup(request["document"], request["password"])
    wipe(opened.data_key)
    if content.get("network") != request["network"]:
        raise VaultError("refused", f"this backup is of a wallet for {content.get('network')}")
    return signing_tasks.create_vault(request, announce, opened.secret) | {"content": content}


TASKS: Final[Mapping[str, Task]] = {"create_from_backup": _create_from_backup}
