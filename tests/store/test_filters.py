"""The cache of recent filters: all or nothing by block hash, bounded, and never in the way."""

from pathlib import Path

import pytest

from wallet.store.errors import StoreError
from wallet.store.filters import FilterCache


def hashes(first: int, last: int, salt: int = 0) -> list[bytes]:
    return [bytes([salt]) * 16 + height.to_bytes(16, "little") for height in range(first, last + 1)]


def filters(first: int, last: int, size: int = 20) -> list[bytes]:
    return [height.to_bytes(4, "little") * (size // 4 + height % 3) for height in range(first, last + 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "regtest" / "filters.db"


def filled(path: Path, limit: int = 10_000_000) -> FilterCache:
    cache = FilterCache(path, limit)
    cache.put(0, hashes(0, 999), filters(0, 999))
    cache.put(1000, hashes(1000, 1499), filters(1000, 1499))
    return cache


def test_gives_back_any_range_that_was_put(path: Path) -> None:
    filled(path).close()
    cache = FilterCache(path)
    for start, stop in ((0, 999), (5, 5), (990, 1010), (0, 1499)):
        assert cache.get(start, stop, hashes(start, stop)) == filters(start, stop)
    assert cache.get(1400, 1500, hashes(1400, 1500)) is None
    assert cache.get(2000, 2000, hashes(2000, 2000)) is None
    assert path.stat().st_mode & 0o777 == 0o600
    cache.close()


def test_filters_of_other_blocks_are_not_given_out(path: Path) -> None:
    cache = filled(path)
    other = hashes(0, 499) + hashes(500, 999, salt=1)
    assert cache.get(0, 999, other) is None
    cache.put(500, hashes(500, 999, salt=1), filters(1500, 1999))
    assert cache.get(0, 999, other) == filters(0, 499) + filters(1500, 1999)
    assert cache.get(0, 999, hashes(0, 999)) == filters(0, 999)
    cache.close()


def test_truncating_forgets_what_is_above(path: Path) -> None:
    cache = filled(path)
    cache.truncate(1200)
    assert cache.get(0, 999, hashes(0, 999)) is not None
    assert cache.get(1300, 1310, hashes(1300, 1310)) is None
    cache.close()


def test_stays_within_its_limit_and_drops_the_oldest(path: Path) -> None:
    cache = FilterCache(path, 200_000)
    for start in range(0, 20_000, 1000):
        cache.put(start, hashes(start, start + 999), filters(start, start + 999, 40))
        held = sum(1 for at in range(0, 20_000, 1000) if cache.get(at, at + 999, hashes(at, at + 999)))
        assert held <= 2
    assert cache.get(19_000, 19_999, hashes(19_000, 19_999)) is not None
    cache.close()


def test_an_unjudged_filter_is_not_kept(path: Path) -> None:
    cache = FilterCache(path)
    cache.put(0, hashes(0, 2), [b"a", b"", b"c"])
    assert cache.get(0, 0, hashes(0, 0)) is None
    cache.close()


@pytest.mark.parametrize("at", [0, 30, 5000, -2000])
def test_a_damaged_file_is_never_believed(path: Path, at: int) -> None:
    filled(path).close()
    raw = bytearray(path.read_bytes())
    for offset in range(64):
        raw[at + offset if at >= 0 else at - offset] ^= 0x5A
    path.write_bytes(raw)
    cache = FilterCache(path)
    for start, stop in ((0, 999), (1000, 1499)):
        assert cache.get(start, stop, hashes(start, stop)) in (None, filters(start, stop))
    cache.put(7000, hashes(7000, 7009), filters(7000, 7009))
    assert cache.get(7000, 7009, hashes(7000, 7009)) == filters(7000, 7009)
    cache.close()


def test_a_file_that_is_no_database_is_begun_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 100)
    cache = filled(path)
    assert cache.get(0, 9, hashes(0, 9)) == filters(0, 9)
    cache.close()


def test_an_unusable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError) as caught:
        FilterCache(tmp_path / "file" / "filters.db")
    assert caught.value.path == tmp_path / "file" / "filters.db"
