"""Flat header files: they come back as they were, and what is damaged is cut off, whatever happened."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.spv.chains import Chain
from wallet.bitcoin.network import REGTEST
from wallet.store.errors import StoreError
from wallet.store.headers import FilterHeaderFile, HeaderFile


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain(REGTEST).add(3499)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "regtest" / "headers.dat"


def filled(path: Path, chain: Chain) -> None:
    file = HeaderFile(path)
    file.apply(0, chain.raw(0))
    file.close()


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 0x10
    path.write_bytes(raw)


def opened(path: Path) -> tuple[tuple[int, int], ...]:
    """The ranges after a repair, which a second open leaves alone."""
    file = HeaderFile(path)
    ranges = file.ranges
    file.close()
    again = HeaderFile(path)
    assert (again.ranges, again.repaired) == (ranges, False)
    again.close()
    return ranges


def test_what_is_applied_is_read_back_after_reopening(path: Path, chain: Chain) -> None:
    filled(path, chain)
    file = HeaderFile(path)
    assert (file.ranges, file.tip, file.repaired) == (((0, 3499),), 3499, False)
    assert file.read(0, 3500) == chain.raw(0)
    assert file.read(999, 2) == chain.raw(999, 1000)
    with pytest.raises(IndexError):
        file.read(3499, 2)
    file.close()


def test_a_new_file_is_empty_and_private(path: Path) -> None:
    file = HeaderFile(path)
    assert (file.ranges, file.tip) == ((), None)
    file.apply(5, bytes(80))
    file.close()
    modes = [entry.stat().st_mode & 0o777 for entry in (path, path.with_name("headers.dat.idx"), path.parent)]
    assert modes == [0o600, 0o600, 0o700]


def test_applying_lower_cuts_what_is_above(path: Path, chain: Chain) -> None:
    file = HeaderFile(path)
    file.apply(0, chain.raw(0))
    file.apply(2100, chain.raw(2100, 2105))
    assert file.ranges == ((0, 2105),)
    file.close()
    assert opened(path) == ((0, 2105),)


def test_small_steps_and_one_big_one_leave_the_same_index(path: Path, chain: Chain, tmp_path: Path) -> None:
    filled(path, chain)
    other = HeaderFile(tmp_path / "other.dat")
    sizes = [1, 999, 1, 1000, 7, 993, 499]
    at = 0
    for size in sizes:
        other.apply(at, chain.raw(at, at + size - 1))
        at += size
    other.close()
    assert path.with_name("headers.dat.idx").read_bytes() == (tmp_path / "other.dat.idx").read_bytes()


def test_staged_records_count_once_adopted(path: Path, chain: Chain) -> None:
    file = HeaderFile(path)
    file.apply(2500, chain.raw(2500))
    file.stage(1500, chain.raw(1500, 2499))
    assert file.ranges == ((2500, 3499),)
    assert file.read(1500, 1000) == chain.raw(1500, 2499)
    with pytest.raises(ValueError, match="valid already"):
        file.stage(2499, chain.raw(2499, 2500))
    file.adopt(1500, 1000)
    file.stage(100, chain.raw(100, 199))
    file.adopt(100, 100)
    file.close()
    assert opened(path) == ((100, 199), (1500, 3499))


def test_dropping_leaves_the_rest(path: Path, chain: Chain) -> None:
    filled(path, chain)
    file = HeaderFile(path)
    file.drop(1200, 1300)
    file.drop(3400, 4000)
    file.close()
    assert opened(path) == ((0, 1199), (1301, 3399))


@pytest.mark.parametrize("height", [0, 1, 998, 999, 1000, 1001, 2500, 3498, 3499])
@pytest.mark.parametrize("offset", [0, 10, 40, 79])
def test_a_flipped_bit_cuts_no_more_than_its_page(path: Path, chain: Chain, height: int, offset: int) -> None:
    filled(path, chain)
    flip(path, 80 * height + offset)
    ranges = opened(path)
    held = {h for first, last in ranges for h in range(first, last + 1)}
    page = range(height - height % 1000, min(height - height % 1000 + 1000, 3500))
    assert height not in held
    assert held >= set(range(3500)) - set(page)
    # Headers of the page below the damage are proven by those above them; at most one of them has no proof.
    assert len(set(range(page.start, height)) - held) <= 1


def test_a_truncated_file_keeps_what_is_there(path: Path, chain: Chain) -> None:
    filled(path, chain)
    os.truncate(path, 80 * 2345 + 17)
    assert opened(path) == ((0, 2343),)
    os.truncate(path, 0)
    assert opened(path) == ()


@pytest.mark.parametrize("at", [0, 9, 13, 20, 30, 40, -1])
def test_a_damaged_index_is_not_believed(path: Path, chain: Chain, at: int) -> None:
    filled(path, chain)
    flip(path.with_name("headers.dat.idx"), at)
    file = HeaderFile(path)
    assert (file.ranges, file.repaired) == ((), True)
    file.apply(0, chain.raw(0, 10))
    file.close()
    assert opened(path) == ((0, 10),)


def test_a_lost_index_is_an_empty_file(path: Path, chain: Chain) -> None:
    filled(path, chain)
    path.with_name("headers.dat.idx").unlink()
    assert opened(path) == ()


def test_two_intact_pages_that_do_not_fit_are_parted(path: Path, chain: Chain) -> None:
    file = HeaderFile(path)
    file.apply(0, chain.raw(0, 999) + chain.fork(900).add(300, salt=1).raw(1000))
    file.close()
    assert opened(path) == ((0, 999), (1000, 1200))


def test_filter_headers_lose_the_whole_damaged_page(tmp_path: Path) -> None:
    path = tmp_path / "filters.dat"
    raw = b"".join(height.to_bytes(32, "little") for height in range(3500))
    file = FilterHeaderFile(path)
    file.apply(0, raw)
    file.close()
    flip(path, 32 * 1500)
    again = FilterHeaderFile(path)
    assert (again.ranges, again.repaired) == (((0, 999), (2000, 3499)), True)
    assert again.read(2000, 1500) == raw[32 * 2000 :]
    again.close()


def test_a_reader_beside_the_owner_changes_nothing(path: Path, chain: Chain) -> None:
    owner = HeaderFile(path)
    owner.apply(0, chain.raw(0, 1200))
    owner.flush()
    index = path.with_name("headers.dat.idx")
    before = path.read_bytes(), index.read_bytes()
    reader = HeaderFile(path, read_only=True)
    assert reader.ranges == ((0, 1200),)
    reader.apply(1100, chain.raw(1100, 1500))
    reader.drop(0, 10)
    assert reader.ranges == ((11, 1500),)
    assert reader.read(1000, 501) == chain.raw(1000, 1500)
    reader.close()
    assert (path.read_bytes(), index.read_bytes()) == before
    owner.apply(1201, chain.raw(1201, 1300))
    assert owner.read(0, 1301) == chain.raw(0, 1300)
    owner.close()


def test_a_reader_makes_no_files(path: Path, chain: Chain) -> None:
    reader = HeaderFile(path, read_only=True)
    reader.apply(0, chain.raw(0, 0))
    assert (reader.tip, reader.read(0, 1)) == (0, chain.raw(0, 0))
    reader.close()
    assert not path.parent.exists()


def test_a_reader_sees_less_where_the_owner_is_ahead_of_its_index(path: Path, chain: Chain) -> None:
    filled(path, chain)
    flip(path, 80 * 3300)
    reader = HeaderFile(path, read_only=True)
    assert (reader.repaired, reader.tip) == (True, 3299)
    reader.close()
    again = HeaderFile(path, read_only=True)
    assert again.repaired
    again.close()


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Ends the process, or fails, at the n-th call that changes a file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
        self.left = -1
        self.error = error
        monkeypatch.setattr(os, "fsync", self.guard(os.fsync))
        monkeypatch.setattr(Path, "replace", self.guard(Path.replace))
        monkeypatch.setattr(HeaderFile, "_write", self.tearing(HeaderFile._write))

    def burn(self) -> bool:
        self.left -= 1
        return self.left == 0

    def guard(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any) -> Any:
            if self.burn():
                raise self.error
            return call(*args)

        return guarded

    def tearing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def torn(file: HeaderFile, first: int, raw: bytes) -> Any:
            if self.burn():
                call(file, first, raw[: len(raw) // 160 * 80 or 80])
                with file.path.open("r+b") as damaged:
                    damaged.seek(80 * first + 40 + len(raw) // 160 * 80)
                    damaged.write(b"half")
                raise self.error if isinstance(self.error, Killed) else StoreError(file.path, str(self.error))
            return call(file, first, raw)

        return torn


def steps(file: HeaderFile, chain: Chain, branch: Chain) -> None:
    file.apply(0, chain.raw(0, 1499))
    file.apply(1500, chain.raw(1500, 1500))
    file.apply(1400, branch.raw(1400, 1600))
    file.apply(1601, branch.raw(1601, 2700))
    file.flush()


@pytest.mark.parametrize("error", [Killed(), OSError(28, "No space left on device")])
def test_ended_at_any_write_it_opens_with_linked_headers(
    tmp_path: Path, chain: Chain, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    branch = chain.fork(1399).add(1400, salt=9)
    fuse = Fuse(monkeypatch, error)
    for number in range(1, 60):
        path = tmp_path / str(number) / "headers.dat"
        ended = HeaderFile(path)
        fuse.left = number
        try:
            steps(ended, chain, branch)
        except (Killed, StoreError):
            assert ended._file is not None
            ended._file.close()
        else:
            assert number > 12
            fuse.left = -1
            ended.close()
            assert opened(path) == ((0, 2700),)
            return
        fuse.left = -1
        file = HeaderFile(path)
        assert len(file.ranges) <= 1
        tip = -1 if file.tip is None else file.tip
        raw = file.read(0, tip + 1)
        assert raw in (chain.raw(0, tip) if tip >= 0 else b"", branch.raw(0, tip))
        file.apply(tip + 1, branch.raw(tip + 1, tip + 1) if tip >= 0 else chain.raw(0, 0))
        file.close()
    pytest.fail("the steps never came to their end")


def test_an_unreadable_place_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_bytes(b"")
    with pytest.raises(StoreError) as caught:
        HeaderFile(blocker / "headers.dat")
    assert caught.value.path == blocker / "headers.dat"
