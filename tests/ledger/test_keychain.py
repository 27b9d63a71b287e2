import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.world import account
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import ScriptType
from wallet.ledger.coverage import Coverage, CoverageBook, ScanTask
from wallet.ledger.keychain import (
    CHANGE,
    EXTERNAL,
    FRESH_AHEAD,
    GAP_LIMIT,
    LOOK_AHEAD,
    MIN_AHEAD,
    Account,
    BranchId,
    Keychain,
    ScriptRange,
    ScriptRef,
)


def keychain(look_ahead: int = 200) -> Keychain:
    keys = Keychain(look_ahead)
    keys.add_account(account())
    keys.extend()
    return keys


def test_scripts_are_derived_ahead_and_found_again() -> None:
    keys = Keychain()
    keys.add_account(account())
    assert keys.extend() == (ScriptRange(0, EXTERNAL, 0, LOOK_AHEAD), ScriptRange(0, CHANGE, 0, LOOK_AHEAD))
    assert keys.extend() == ()
    assert len(keys.scripts()) == 2 * LOOK_AHEAD
    for ref in (ScriptRef(0, EXTERNAL, 0), ScriptRef(0, CHANGE, LOOK_AHEAD - 1)):
        assert keys.scripts()[keys.script(ref)] == ref
        assert keys.derived(ref).script_pubkey == keys.script(ref)


def test_use_derives_more_in_ever_larger_chunks() -> None:
    keys = keychain()
    first = 200 - MIN_AHEAD
    assert keys.note_used(ScriptRef(0, EXTERNAL, first - 1)) == ()
    assert keys.note_used(ScriptRef(0, EXTERNAL, first)) == (ScriptRange(0, EXTERNAL, 200, first + 201),)
    assert keys.note_used(ScriptRef(0, EXTERNAL, first)) == ()
    assert keys.note_used(ScriptRef(0, EXTERNAL, 350)) == (ScriptRange(0, EXTERNAL, 351, 702),)
    chunks = sum(bool(keys.note_used(ScriptRef(0, EXTERNAL, index))) for index in range(351, 5_000))
    assert chunks <= 5


def test_of_a_branch_that_was_never_used_few_scripts_are_due() -> None:
    keys = keychain()
    assert keys.due((0, EXTERNAL)) == keys.due((0, CHANGE)) == FRESH_AHEAD
    keys.note_used(ScriptRef(0, EXTERNAL, 3))
    assert keys.due((0, EXTERNAL)) == 200
    assert keys.due((0, CHANGE)) == FRESH_AHEAD
    keys.forget_use(ScriptRef(0, EXTERNAL, 3))
    assert keys.due((0, EXTERNAL)) == FRESH_AHEAD


def test_an_unusual_account_is_derived_no_further_than_is_due_until_it_is_used() -> None:
    keys = Keychain()
    plain = account()
    keys.add_account(Account(1, plain.type, 0, plain.external, plain.internal, label="of another wallet"))
    keys.add_account(Account(2, plain.type, 1, plain.external, plain.internal))
    assert {part.end for part in keys.extend()} == {FRESH_AHEAD}
    (more,) = keys.note_used(ScriptRef(1, CHANGE, 0))
    assert more == ScriptRange(1, CHANGE, FRESH_AHEAD, 1 + LOOK_AHEAD)
    assert keys.due((1, CHANGE)) == more.end


@given(
    st.lists(st.tuples(st.sampled_from(["use", "reveal", "forget"]), st.integers(0, 70)), max_size=40),
    st.sampled_from([20, 25, 30, 150]),
    st.booleans(),
)
def test_no_branch_ever_has_fewer_scripts_due_than_the_gap_limit_and_what_is_within_reach(
    steps: list[tuple[str, int]], look_ahead: int, usual: bool
) -> None:
    keys = Keychain(look_ahead)
    plain = account()
    keys.add_account(Account(0, plain.type, 0 if usual else 1, plain.external, plain.internal))
    keys.extend()
    for kind, index in steps:
        ref = ScriptRef(0, EXTERNAL, index)
        if kind == "reveal":
            keys.reveal(0, EXTERNAL)
            keys.extend()
        elif kind == "use" and index < len(keys.scripts_of((ScriptRange(0, EXTERNAL, 0, 9_999),))):
            keys.note_used(ref)
        elif kind == "forget":
            keys.forget_use(ref)
        last, due = keys.last_used(0, EXTERNAL), keys.due((0, EXTERNAL))
        given_out = keys.peek(0, EXTERNAL)[0].index
        assert due >= given_out + GAP_LIMIT, "what was given out, and the gap limit beyond it"
        assert due > last + keys.reach(last), "what a restored wallet is sure to find"
        assert keys.due((0, CHANGE)) >= GAP_LIMIT
        assert due <= len(keys.scripts_of((ScriptRange(0, EXTERNAL, 0, 9_999),)))


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
    assert keys.due((0, EXTERNAL)) == keys.due((0, CHANGE)) == 1_000


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


def every_script(_branch: BranchId) -> int:
    return 1 << 30


def test_new_scripts_go_along_and_make_up_for_what_they_missed_afterwards() -> None:
    book = CoverageBook()
    old, new = ScriptRange(0, 0, 0, 200), ScriptRange(0, 0, 200, 400)
    book.add(old)
    task = book.next_task(50, 180, every_script, limit=100)
    assert task == ScanTask(50, 149, (old,))
    assert task.until == 180
    book.add(new)
    book.extend(task)
    assert book.scanned_to(50, every_script) == 49
    assert book.next_task(50, 180, every_script) == ScanTask(150, 180, (old, new)), "the newest heights first"
    book.extend(ScanTask(150, 180, (old, new)))
    assert book.next_task(50, 190, every_script, limit=5) == ScanTask(181, 185, (old, new)), (
        "new blocks before the rest"
    )
    rest = book.next_task(50, 180, every_script, limit=60)
    assert rest == ScanTask(50, 109, (new,))
    assert rest.until == 149
    book.extend(rest)
    assert book.of((0, 0)) == (Coverage(old, ((50, 180),)), Coverage(new, ((50, 109), (150, 180))))
    assert book.scanned_to(50, every_script) == 109
    book.extend(ScanTask(110, 149, (new,)))
    both = ScriptRange(0, 0, 0, 400)
    assert book.of((0, 0)) == (Coverage(both, ((50, 180),)),)
    assert book.next_task(50, 180, every_script) is None
    assert book.scanned_to(50, every_script) == 180
    assert book.next_task(20, 180, every_script) == ScanTask(20, 49, (both,)), "an earlier birthday"


def test_only_what_is_due_is_asked_for_and_the_rest_goes_along_on_request() -> None:
    book, due = CoverageBook(), {(0, 0): 25, (1, 0): 10}
    book.add(ScriptRange(0, 0, 0, 150))
    book.add(ScriptRange(1, 0, 0, 10))
    task = book.next_task(0, 99, due.__getitem__, limit=50)
    assert task == ScanTask(0, 49, (ScriptRange(0, 0, 0, 25), ScriptRange(1, 0, 0, 10)))
    wide = book.widened(task)
    assert wide == ScanTask(0, 49, (ScriptRange(0, 0, 0, 150), ScriptRange(1, 0, 0, 10)))
    book.extend(wide)
    rest = book.next_task(0, 99, due.__getitem__)
    assert rest == ScanTask(50, 99, (ScriptRange(0, 0, 0, 25), ScriptRange(1, 0, 0, 10)))
    book.extend(rest)
    assert book.next_task(0, 99, due.__getitem__) is None
    assert book.scanned_to(0, due.__getitem__) == 99
    assert book.share(0, 99, due.__getitem__) == 1
    due[0, 0] = 60
    assert book.next_task(0, 99, due.__getitem__) == ScanTask(50, 99, (ScriptRange(0, 0, 25, 60),)), "what it lacks"
    assert book.share(0, 99, due.__getitem__) == 1 - 35 * 50 / (70 * 100)
    assert book.scanned_to(0, due.__getitem__) == 49


@given(
    st.lists(
        st.tuples(st.just("add"), st.just(0), st.just(0))
        | st.tuples(st.just("due"), st.integers(0, 60), st.just(0))
        | st.tuples(st.sampled_from(["scan", "scan wide"]), st.integers(0, 30), st.integers(1, 12))
        | st.tuples(st.just("cut"), st.integers(-1, 30), st.just(0)),
        max_size=30,
    ),
    st.integers(0, 20),
    st.data(),
)
def test_coverage_is_exactly_what_was_matched(
    steps: list[tuple[str, int, int]], birthday: int, data: st.DataObject
) -> None:
    """Beside the book, a plain set of (script, height) pairs that were really matched."""
    model = _Model(birthday)
    late: list[ScanTask] = []
    for kind, height, limit in steps:
        if kind in ("scan", "scan wide"):
            late += model.ask(height, limit, wide=kind == "scan wide")
        else:
            model.change(kind, height)
        ends_now = data.draw(st.booleans())
        if late and ends_now:  # tasks end some time, and in any order
            model.carry_out(late.pop(data.draw(st.integers(0, len(late) - 1))))
        model.check()
    model.finish()


class _Model:
    """A book of one branch, and the (script, height) pairs that were really matched."""

    def __init__(self, birthday: int) -> None:
        self.book = CoverageBook()
        self.birthday = birthday
        self.matched: set[tuple[int, int]] = set()
        self.derived, self.due = 0, 5

    def due_now(self, _branch: BranchId) -> int:
        return self.due

    @property
    def wanted(self) -> range:
        return range(min(self.due, self.derived))

    def change(self, kind: str, number: int) -> None:
        if kind == "add":
            self.book.add(ScriptRange(0, 0, self.derived, self.derived + 10))
            self.derived += 10
        elif kind == "due":
            self.due = number
        else:
            self.book.truncate(number)
            self.matched = {(script, at) for script, at in self.matched if at <= number}

    def ask(self, tip: int, limit: int, wide: bool) -> list[ScanTask]:
        found = self.book.next_task(self.birthday, tip, self.due_now, limit)
        if found is None:
            return []
        assert self.birthday <= found.start <= found.stop <= min(tip, found.until)
        asked = {script for part in found.ranges for script in range(part.first, part.end)}
        assert asked == {script for script in self.wanted if (script, found.start) not in self.matched}
        return [self.book.widened(found) if wide else found]

    def carry_out(self, task: ScanTask) -> None:
        self.book.extend(task)
        for part in task.ranges:
            heights = range(task.start, task.stop + 1)
            self.matched.update((script, at) for script in range(part.first, part.end) for at in heights)

    def check(self) -> None:
        claimed: set[tuple[int, int]] = set()
        derived: list[int] = []
        for part in self.book:
            scripts = range(part.scripts.first, part.scripts.end)
            derived += scripts
            claimed.update((script, at) for a, b in part.spans for at in range(a, b + 1) for script in scripts)
        assert claimed == self.matched
        assert derived == [*range(self.derived)]
        lacking = [at for at in range(self.birthday, 31) for s in self.wanted if (s, at) not in self.matched]
        complete = min(lacking, default=31 if self.wanted else self.birthday)
        assert min(self.book.scanned_to(self.birthday, self.due_now), 30) == complete - 1

    def finish(self) -> None:
        while (rest := self.book.next_task(self.birthday, 30, self.due_now, 7)) is not None:
            self.carry_out(rest)
        assert all((script, at) in self.matched for script in self.wanted for at in range(self.birthday, 31))


def test_a_place_that_is_not_derived_is_no_script() -> None:
    with pytest.raises(LookupError):
        keychain().script(ScriptRef(0, EXTERNAL, 200))
