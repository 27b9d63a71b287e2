"""Secrets for the command line: from files, a terminal's prompt or stdin; never from an argument or the environment."""

import argparse
import getpass
import sys
from pathlib import Path

from wallet.engine.api import WrenError

_SECRET_LIMIT = 4096
_STDIN = "-"
_RESTORE_LIMIT = 32_000_000  # a backup with all its labels


def first_line(path: str, what: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.readline(_SECRET_LIMIT).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        message = f"cannot read the {what} file {path}: {reason}"
        raise WrenError("bad_password", message) from error


def passphrase(options: argparse.Namespace) -> str:
    """The BIP39 passphrase: from its file, or none."""
    return first_line(options.passphrase_file, "passphrase") if options.passphrase_file else ""


def _prompt(text: str) -> str:
    try:
        return getpass.getpass(text)
    except EOFError:
        message = "no password was given"
        raise WrenError("bad_password", message) from None


def password(options: argparse.Namespace, *, new: bool = False) -> str | None:
    """The wallet's password; None with --no-password. Asks only on a terminal; `new` asks twice."""
    if options.no_password:
        return None
    if options.password_file:
        return _nonempty(first_line(options.password_file, "password"))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        message = "a password is needed: give --password-file F (or --no-password if the wallet has none)"
        raise WrenError("bad_password", message)
    return _twice() if new else _nonempty(_prompt("Password: "))


def _twice() -> str:
    """A new password, typed twice."""
    answer = _nonempty(_prompt("New password: "))
    if _prompt("The same again: ") != answer:
        message = "the two passwords differ"
        raise WrenError("bad_password", message)
    return answer


def new_password(options: argparse.Namespace) -> str | None:
    """The password to change to, from its file, stdin or a prompt; None with --new-no-password."""
    if options.new_no_password:
        return None
    if options.new_password_file == _STDIN:
        return _nonempty(sys.stdin.readline(_SECRET_LIMIT).rstrip("\r\n"))
    if options.new_password_file:
        return _nonempty(first_line(options.new_password_file, "new password"))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        message = "the new password is needed: give --new-password-file F (- is stdin), or --new-no-password"
        raise WrenError("bad_password", message)
    return _twice()


def confirmation(name: str) -> str:
    """A wallet's name, typed by whoever deletes it. Raises WrenError refused where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        message = "deleting asks for the name once more: give --confirm NAME"
        raise WrenError("refused", message)
    sys.stderr.write(f"Only the seed words or a backup bring a deleted wallet back. Type its name ({name}) to delete: ")
    sys.stderr.flush()
    return sys.stdin.readline(_SECRET_LIMIT).rstrip("\r\n")


def _nonempty(text: str) -> str:
    if text:
        return text
    message = "the password is empty: use --no-password if the wallet shall have none"
    raise WrenError("bad_password", message)


def restore_text() -> str:
    """What to restore from, read from stdin: a line at a prompt, all of it from a pipe."""
    if sys.stdin.isatty():
        return _prompt("Seed phrase, key or descriptor (not shown): ")
    try:
        return sys.stdin.read(_RESTORE_LIMIT)
    except UnicodeDecodeError:
        message = "what came from stdin is not text: give a seed phrase, a key or a descriptor"
        raise WrenError("bad_phrase", message) from None
