import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.world import account
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import ScriptType
from wallet.ledger.coverage import Coverage, CoverageBook, ScanTask
from wallet.ledger.keychain import CHANGE, EXTERNAL, Account, Keychain, ScriptRange, ScriptRef


def keychain(look_ahead: int = 200) -> Keychain:
    keys = Keychain(look_ahead)
    keys.add_account(account())
    keys.extend()
    return keys


def test_scripts_are_derived_ahead_and_found_again() -> None:
    keys = Keychain()
    keys.add_account(account())
    assert keys.extend() == (ScriptRange(0, EXTERNAL, 0, 200), ScriptRange(0, CHANGE, 0, 200))
    assert keys.extend() == ()
    assert len(keys.scripts()) == 400
    for ref in (ScriptRef(0, EXTERNAL, 0), ScriptRef(0, CHANGE, 199)):
        assert keys.scripts()[keys.script(ref)] == ref
        assert keys.derived(ref).script_pubkey == keys.script(ref)


def test_use_derives_more_in_ever_larger_chunks() -> None:
    keys = keychain()
    assert keys.note_used(ScriptRef(0, EXTERNAL, 99)) == ()
    assert keys.note_used(ScriptRef(0, EXTERNAL, 100)) == (ScriptRange(0, EXTERNAL, 200, 301),)
    assert keys.note_used(ScriptRef(0, EXTERNAL, 100)) == ()
    assert keys.note_used(ScriptRef(0, EXTERNAL, 300)) == (ScriptRange(0, EXTERNAL, 301, 602),)
    chunks = sum(bool(keys.note_used(ScriptRef(0, EXTERNAL, index))) for index in range(301, 5_000))
    assert chunks <= 5


def test_an_address_is_given_out_once() -> None:
    keys = keychain()
    given_out = [keys.reveal(0, EXTERNAL)[0].index for _ in range(3)]
    keys.note_used(ScriptRef(0, EXTERNAL, 7))
    given_out.append(keys.reveal(0, EXTERNAL)[0].index)
    assert given_out == [0, 1, 2, 8]
    assert keys.peek(0, EXTERNAL)[0].index == 9
    assert keys.peek(0, CHANGE)[0].index == 0
    assert [ref.index for ref in keys.known_refs(0, EXTERNAL)] == list(range(9))


def test_the_last_address_is_offered_again_while_nobody_used_it() -> None:
    keys = keychain()
    assert keys.last_revealed(0, EXTERNAL) is None
    ref, _ = keys.reveal(0, EXTERNAL)
    assert keys.last_revealed(0, EXTERNAL) == ref
    keys.note_used(ref)
    assert keys.last_revealed(0, EXTERNAL) is None


def test_the_gap_limit_is_told() -> None:
    keys = keychain()
    beyond = [keys.beyond_gap(keys.reveal(0, EXTERNAL)[0]) for _ in range(22)]
    assert beyond == [False] * 20 + [True] * 2
    keys.note_used(ScriptRef(0, EXTERNAL, 5))
    assert not keys.beyond_gap(ScriptRef(0, EXTERNAL, 25))
    assert keys.beyond_gap(ScriptRef(0, EXTERNAL, 26))


def test_a_raised_gap_limit_searches_deeper() -> None:
    keys = keychain()
    plain = account()
    deeper = Account(0, plain.type, 0, plain.external, plain.internal, gap_limit=1_000)
    keys.add_account(deeper)
    assert keys.extend() == (ScriptRange(0, EXTERNAL, 200, 1_000), ScriptRange(0, CHANGE, 200, 1_000))


def test_a_descriptor_of_one_key_has_one_address_for_everything() -> None:
    key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    keys = Keychain()
    keys.add_account(Account(0, ScriptType.P2WPKH, 0, Descriptor.parse(f"wpkh({key})", REGTEST), None))
    assert keys.extend() == (ScriptRange(0, EXTERNAL, 0, 1),)
    refs = {keys.reveal(0, EXTERNAL)[0] for _ in range(3)}
    assert refs == {ScriptRef(0, EXTERNAL, 0)}
    assert keys.note_used(ScriptRef(0, EXTERNAL, 0)) == ()
    assert keys.extend() == ()
    assert keys.reveal(0, EXTERNAL)[0] == ScriptRef(0, EXTERNAL, 0)


# --- coverage ---


def test_new_scripts_are_matched_from_the_birthday_and_then_go_along() -> None:
    book = CoverageBook()
    old, new = ScriptRange(0, 0, 0, 200), ScriptRange(0, 0, 200, 400)
    book.add(old)
    task = book.next_task(50, 180, limit=100)
    assert task == ScanTask(50, 149, (old,))
    book.add(new)
    book.extend(task)
    assert book.next_task(50, 180, limit=100) == ScanTask(50, 149, (new,))
    book.extend(ScanTask(50, 149, (new,)))
    both = ScriptRange(0, 0, 0, 400)
    assert book.of((0, 0)) == (Coverage(both, 50, 149),)
    assert book.next_task(50, 180) == ScanTask(150, 180, (both,))
    book.extend(ScanTask(150, 180, (both,)))
    assert book.next_task(50, 180) is None
    assert book.scanned_to(50) == 180
    assert book.next_task(20, 180) == ScanTask(20, 180, (both,)), "an earlier birthday begins anew"


@given(
    st.lists(
        st.tuples(st.just("add"), st.just(0), st.just(0))
        | st.tuples(st.just("scan"), st.integers(0, 30), st.integers(1, 12))
        | st.tuples(st.just("cut"), st.integers(-1, 30), st.just(0)),
        max_size=30,
    ),
    st.data(),
)
def test_coverage_never_claims_what_was_not_matched(steps: list[tuple[str, int, int]], data: st.DataObject) -> None:
    """Beside the book, a plain set of (script, height) pairs that were really matched."""
    book, matched, derived = CoverageBook(), set[tuple[int, int]](), 0
    late: list[ScanTask] = []
    for kind, height, limit in steps:
        if kind == "add":
            book.add(ScriptRange(0, 0, derived, derived + 10))
            derived += 10
        elif kind == "cut":
            book.truncate(height)
            matched = {(script, at) for script, at in matched if at <= height}
        elif found := book.next_task(0, height, limit):
            late.append(found)
        ends_now = data.draw(st.booleans())
        if late and ends_now:  # tasks end some time, and in any order
            task = late.pop(data.draw(st.integers(0, len(late) - 1)))
            book.extend(task)
            matched |= {
                (script, at)
                for part in task.ranges
                for script in range(part.first, part.end)
                for at in range(task.start, task.stop + 1)
            }
        claimed = {
            (script, at)
            for part in book
            for script in range(part.scripts.first, part.scripts.end)
            for at in range(part.from_height, part.to_height + 1)
        }
        assert claimed <= matched
        assert sorted(script for part in book for script in range(part.scripts.first, part.scripts.end)) == list(
            range(derived)
        )
    while (rest := book.next_task(0, 30, 7)) is not None:
        book.extend(rest)
    assert book.scanned_to(0) == 30 or not derived


def test_a_place_that_is_not_derived_is_no_script() -> None:
    with pytest.raises(LookupError):
        keychain().script(ScriptRef(0, EXTERNAL, 200))
