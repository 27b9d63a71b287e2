"""The address book's file: kept, and begun anew rather than in the way."""

import sqlite3
from pathlib import Path

import pytest

from wallet.spv.addrman import Endpoint, KnownPeer
from wallet.store.errors import StoreError
from wallet.store.peers import PeerFile

ONE = KnownPeer(Endpoint("11.1.0.1", 8333), 73, 1.5, 2.5, 1, 3.5)
TWO = KnownPeer(Endpoint("abc.onion", 18333), 2**64 - 1)


def test_what_is_saved_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "network" / "peers.db"
    book = PeerFile(path)
    book.save([ONE, TWO], [])
    book.close()

    book = PeerFile(path)
    lines = {known.endpoint: known for known in book.load()}
    book.close()

    assert lines[ONE.endpoint] == ONE
    assert lines[TWO.endpoint].services == 2**63 - 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_lines_are_changed_and_deleted(tmp_path: Path) -> None:
    book = PeerFile(tmp_path / "peers.db")
    book.save([ONE, TWO], [])
    changed = KnownPeer(ONE.endpoint, 9)
    book.save([changed], [TWO.endpoint, Endpoint("nobody", 1)])

    assert book.load() == [changed]
    book.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4_096])
def test_a_damaged_book_is_set_aside_and_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "peers.db"
    path.write_bytes(content)

    book = PeerFile(path)
    book.save([ONE], [])

    assert book.load() == [ONE]
    assert (tmp_path / "peers.db.damaged").read_bytes() == content
    book.close()


def test_a_newer_book_is_set_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()

    book = PeerFile(path)

    assert book.load() == []
    assert (tmp_path / "peers.db.damaged").exists()
    book.close()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"peers\.db") as error:
        PeerFile(tmp_path / "file" / "peers.db")

    assert error.value.path == tmp_path / "file" / "peers.db"


def test_a_book_that_is_locked_is_not_taken_for_damaged(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    book = PeerFile(path)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    book._database.execute("PRAGMA busy_timeout = 10")

    with pytest.raises(StoreError, match="locked"):
        book.save([ONE], [])
    other.close()

    book.save([ONE], [])
    assert book.load() == [ONE]
    book.close()


def test_a_book_that_is_locked_while_it_is_opened_stays_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreError, match="locked"):
        PeerFile(path)
    other.close()

    assert not (tmp_path / "peers.db.damaged").exists()
