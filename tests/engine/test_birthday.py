"""From a birthday to a height: never above the first block that can pay the wallet, nor needlessly far below."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin.checkpoints import MAINNET_TIMES
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import Checkpoint
from wallet.engine.birthday import checkpoint_times, first_height, lowest_needed, moment

DAY = 86_400
SLACK = 2 * DAY


def of_day(birthday: date) -> int:
    return int(datetime(birthday.year, birthday.month, birthday.day, tzinfo=UTC).timestamp())


def test_a_moment_is_midnight_utc() -> None:
    assert moment(date(1970, 1, 2)) == DAY
    assert moment(date(2024, 2, 29)) == of_day(date(2024, 2, 29))


@given(st.integers(0, 10**6) | st.none(), st.integers(0, 100), st.integers(0, 100))
def test_a_height_is_itself_and_nothing_is_the_beginning(birthday: int | None, base: int, more: int) -> None:
    assert first_height(birthday, base, base + more, lambda height: height) == (birthday or 0)
    assert lowest_needed(birthday, MAINNET_TIMES_LIST) == (birthday or 0)


MAINNET_TIMES_LIST = tuple(sorted(dict(MAINNET_TIMES).items()))


@given(
    st.lists(st.integers(0, 40 * DAY), min_size=1, max_size=60).map(sorted),
    st.dates(date(2024, 1, 1), date(2024, 3, 15)),
    st.integers(0, 50),
)
def test_a_date_is_the_first_header_that_is_not_clearly_older(times: list[int], birthday: date, base: int) -> None:
    start = of_day(date(2024, 1, 10))
    tip = base + len(times) - 1
    found = first_height(birthday, base, tip, lambda height: start + times[height - base])
    wanted = of_day(birthday) - SLACK
    if base > 0 and start + times[0] > wanted:
        assert found is None
        return
    plain = next((base + at for at, time in enumerate(times) if start + time >= wanted), tip + 1)
    assert found == plain


@given(st.dates(date(2009, 1, 3), date(2030, 1, 1)))
def test_what_is_needed_lies_at_or_below_what_is_scanned(birthday: date) -> None:
    times = MAINNET_TIMES_LIST
    needed = lowest_needed(birthday, times)
    assert needed == 0 or dict(times)[needed] <= of_day(birthday) - SLACK
    later = lowest_needed(birthday + timedelta(days=400), times)
    assert later >= needed


def test_checkpoints_tell_times_where_they_know_them() -> None:
    known = Checkpoint(2015, BlockHash(bytes(32)), None, 0, 1_000)
    unknown = Checkpoint(4031, BlockHash(bytes(32)), None, 0, None)
    assert checkpoint_times((known, unknown)) == ((2016, 1_000),)
