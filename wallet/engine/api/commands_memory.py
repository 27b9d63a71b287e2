"""Commands about what the user notes and looks up: requests, labels, people, search, statements, the rate."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from wallet.engine.api.answers_memory import (
    ContactRow,
    FileWritten,
    LabelImport,
    RateReport,
    RateSource,
    RequestRow,
    SearchAnswer,
    Statement,
)
from wallet.engine.api.commands import Command

ConflictRule = Literal["keep", "replace", "refuse"]


@dataclass(frozen=True, slots=True)
class GetRequests(Command[tuple[RequestRow, ...]]):
    """All requests for payment, newest first; archived: also those that were put out of sight."""

    archived: bool = False


@dataclass(frozen=True, slots=True)
class ArchiveRequest(Command[None]):
    """Put a request out of sight, or back into it."""

    address: str
    archived: bool = True


@dataclass(frozen=True, slots=True)
class DeleteRequest(Command[None]):
    """Forget a request. Its address stays given out, and payments to it stay ours."""

    address: str


@dataclass(frozen=True, slots=True)
class ExportLabels(Command[FileWritten]):
    """Write all labels and frozen coins to a file (BIP329). overwrite: also over a file that is no such export."""

    path: str
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class ImportLabels(Command[LabelImport]):
    """Take over labels from a file (BIP329), all in one step or nothing.

    conflicts: where the wallet says something else, `keep` that, `replace` it, or `refuse` the whole file; skip_bad:
    leave out lines that cannot be read instead of refusing the file; dry_run: only tell what it would do.
    """

    path: str
    conflicts: ConflictRule = "keep"
    skip_bad: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class GetContacts(Command[tuple[ContactRow, ...]]):
    """Everybody, by name."""


@dataclass(frozen=True, slots=True)
class SetContact(Command[ContactRow]):
    """Note somebody's address (or payment link). One who is known already gets it as the newest; note None stays."""

    name: str
    address: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RenameContact(Command[ContactRow]):
    """Call somebody otherwise; their addresses and the note stay."""

    name: str
    new_name: str


@dataclass(frozen=True, slots=True)
class RemoveContact(Command[None]):
    """Forget somebody and all their addresses."""

    name: str


@dataclass(frozen=True, slots=True)
class Search(Command[SearchAnswer]):
    """Find by transaction id, address, label, amount, date or name: part of a text, a whole amount, a date's part."""

    text: str
    limit: int = 100


@dataclass(frozen=True, slots=True)
class ExportHistory(Command[Statement]):
    """Write the history as CSV, oldest first, with the balance after each row.

    since, until: the first and the last day (UTC) of a statement. overwrite: also over a file that is no such export.
    """

    path: str
    since: date | None = None
    until: date | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class GetRate(Command[RateReport]):
    """The rate as its source says now."""


@dataclass(frozen=True, slots=True)
class SetRate(Command[RateReport]):
    """Where the rate comes from: the user's hand, a file or a command of theirs; never the network.

    detail: the rate for `hand`, the file's path for `file`, program and arguments for `command`, nothing for `off`.
    """

    source: RateSource
    currency: str = ""
    detail: tuple[str, ...] = ()
