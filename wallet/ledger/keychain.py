"""The wallet's own scripts: derived ahead, looked up by script, revealed one by one.

A restored wallet looks at dozens of branches, and all but a few were never used; each script costs time for every
block, and now and then a block that is fetched for nothing. So of a branch without any payment few scripts are due,
which must be matched against everything. Those of the usual accounts are derived further all the same, to be matched
where filters are long, which costs next to nothing there and would cost much to make up for. Once a branch is used its
scripts are derived and due in chunks far beyond the gap limit, and ever larger ones. The gap limit (20) is what other
wallets search, and only warns.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from wallet.bitcoin.descriptor import DerivedScript, Descriptor
from wallet.bitcoin.script import ScriptType
from wallet.ledger.sizes import InputKind, MultisigInput

AccountId: TypeAlias = int
BranchId: TypeAlias = tuple[AccountId, int]
"""An account and its branch: EXTERNAL or CHANGE."""

EXTERNAL = 0
CHANGE = 1
GAP_LIMIT = 20
LOOK_AHEAD = 150
"""How many scripts are derived at a time, at least; at first of the usual accounts only."""
FRESH_AHEAD = 25
"""How many scripts are due of a branch that was never used; of unusual accounts no more are derived at first."""
MIN_AHEAD = 50
"""How many scripts at least are due beyond the last one that was used."""


@dataclass(frozen=True, slots=True)
class Account:
    """One script type of one account number; `internal` is None where change goes to the external branch."""

    id: AccountId
    type: ScriptType
    account: int
    external: Descriptor
    internal: Descriptor | None
    gap_limit: int = GAP_LIMIT
    label: str = ""

    @property
    def input_kind(self) -> InputKind:
        """What spending from this account looks like, to reckon sizes with."""
        policy = self.external.multisig
        return self.type if policy is None else MultisigInput(self.type, policy)

    @property
    def is_usual(self) -> bool:
        """The first account of its type, at the usual place: where a wallet's payments mostly are."""
        return self.account == 0 and not self.label

    def branches(self) -> dict[int, Descriptor]:
        """The descriptors by branch number."""
        found = {EXTERNAL: self.external}
        if self.internal is not None:
            found[CHANGE] = self.internal
        return found


@dataclass(frozen=True, slots=True, order=True)
class ScriptRef:
    """Where a script is derived: account, branch (EXTERNAL or CHANGE), index."""

    account: AccountId
    branch: int
    index: int

    @property
    def is_change(self) -> bool:
        return self.branch == CHANGE


@dataclass(frozen=True, slots=True, order=True)
class ScriptRange:
    """The scripts first, first+1, … end-1 of one branch."""

    account: AccountId
    branch: int
    first: int
    end: int

    def refs(self) -> Iterator[ScriptRef]:
        """Every script's place."""
        return (ScriptRef(self.account, self.branch, index) for index in range(self.first, self.end))


class _Branch:
    """What is known of one branch: how far it is derived, used and revealed."""

    __slots__ = ("descriptor", "last_used", "revealed", "scripts")

    def __init__(self, descriptor: Descriptor) -> None:
        self.descriptor = descriptor
        self.scripts: list[bytes] = []
        self.revealed = 0
        self.last_used = -1

    @property
    def next_index(self) -> int:
        """The first index that was neither revealed nor passed over by use."""
        return max(self.revealed, self.last_used + 1)


class Keychain:
    """All accounts with their scripts. Holds public keys only."""

    def __init__(self, look_ahead: int = LOOK_AHEAD) -> None:
        self._look_ahead = look_ahead
        self._min_ahead = min(MIN_AHEAD, look_ahead)
        self._fresh_ahead = min(FRESH_AHEAD, look_ahead)
        self._accounts: dict[AccountId, Account] = {}
        self._branches: dict[BranchId, _Branch] = {}
        self._refs: dict[bytes, ScriptRef] = {}
        self._used: set[ScriptRef] = set()

    # --- accounts ---

    @property
    def accounts(self) -> Mapping[AccountId, Account]:
        """The accounts by id."""
        return MappingProxyType(self._accounts)

    def add_account(self, account: Account, scripts: Mapping[int, Iterable[bytes]] | None = None) -> None:
        """Add an account, or replace one that differs in label or gap limit only.

        scripts: what was derived before, by branch, in order from index 0. Nothing is derived here: see `extend`.
        """
        self._accounts[account.id] = account
        for number, descriptor in account.branches().items():
            branch = self._branches.setdefault((account.id, number), _Branch(descriptor))
            for script in (scripts or {}).get(number, ()):
                self._refs[script] = ScriptRef(account.id, number, len(branch.scripts))
                branch.scripts.append(script)

    def remove_account(self, account: AccountId) -> None:
        """Forget an account with its scripts; raises LookupError."""
        for number in self._accounts.pop(account).branches():
            for index, script in enumerate(self._branches.pop((account, number)).scripts):
                if self._refs.get(script) == ScriptRef(account, number, index):
                    del self._refs[script]

    def branches(self) -> Iterable[BranchId]:
        """Every account's branches."""
        return self._branches.keys()

    # --- scripts ---

    def scripts(self) -> Mapping[bytes, ScriptRef]:
        """Every derived script with its place: a live view."""
        return MappingProxyType(self._refs)

    def script(self, ref: ScriptRef) -> bytes:
        """The script at a place that is derived already; raises LookupError."""
        return self._branches[ref.account, ref.branch].scripts[ref.index]

    def scripts_of(self, ranges: Iterable[ScriptRange]) -> list[bytes]:
        """The scripts of these ranges."""
        found: list[bytes] = []
        for part in ranges:
            found += self._branches[part.account, part.branch].scripts[part.first : part.end]
        return found

    def derived(self, ref: ScriptRef) -> DerivedScript:
        """The script with its keys and origin, as signers need them."""
        return self._branches[ref.account, ref.branch].descriptor.script_at(ref.index)

    def extend(self) -> tuple[ScriptRange, ...]:
        """Derive what is missing ahead; the new ranges must be scanned over the heights that passed."""
        found = (self._extend(key) for key in self._branches)
        return tuple(part for part in found if part is not None)

    def _extend(self, key: BranchId) -> ScriptRange | None:
        branch = self._branches[key]
        account = self._accounts[key[0]]
        first = len(branch.scripts)
        if not branch.descriptor.is_ranged:
            end = 1
        elif first - branch.next_index < max(self.reach(branch.last_used), account.gap_limit):
            chunk = self._look_ahead if first or account.is_usual else self._fresh_ahead
            end = branch.next_index + max(chunk, branch.next_index, account.gap_limit)
        else:
            return None
        if first >= end:
            return None
        for index in range(first, end):
            script = branch.descriptor.script_at(index).script_pubkey
            branch.scripts.append(script)
            self._refs[script] = ScriptRef(*key, index)
        return ScriptRange(*key, first, end)

    def due(self, key: BranchId) -> int:
        """How many scripts of a branch must be matched against every block; the others may be.

        Never fewer than the gap limit beyond what was used or given out.
        """
        branch = self._branches[key]
        if branch.last_used >= 0 or self._accounts[key[0]].gap_limit > GAP_LIMIT:
            return len(branch.scripts)
        chunks = -(-(branch.revealed + GAP_LIMIT) // self._fresh_ahead)
        return min(len(branch.scripts), chunks * self._fresh_ahead)

    def reach(self, last_used: int) -> int:
        """How far beyond the last index that was used, -1 for none, every payment is found on restoring."""
        return self._fresh_ahead if last_used < 0 else self._min_ahead

    # --- use ---

    def last_used(self, account: AccountId, branch: int) -> int:
        """The highest index that any transaction paid, -1 for none."""
        return self._branches[account, branch].last_used

    def is_used(self, ref: ScriptRef) -> bool:
        """Whether any transaction ever paid it."""
        return ref in self._used

    def used(self) -> Collection[ScriptRef]:
        """Every script that a transaction paid."""
        return frozenset(self._used)

    def is_account_used(self, account: AccountId) -> bool:
        """Whether a transaction paid any script of an account, or one was given out."""
        found = [self._branches[account, number] for number in self._accounts[account].branches()]
        return any(branch.last_used >= 0 or branch.revealed for branch in found)

    def note_used(self, ref: ScriptRef) -> tuple[ScriptRange, ...]:
        """Remember that a transaction paid this script; the newly derived ranges."""
        if ref in self._used:
            return ()
        self._used.add(ref)
        branch = self._branches[ref.account, ref.branch]
        branch.last_used = max(branch.last_used, ref.index)
        part = self._extend((ref.account, ref.branch))
        return () if part is None else (part,)

    def load_used(self, refs: Collection[ScriptRef]) -> None:
        """Take over at once which scripts were paid, as it was stored; then call `extend`."""
        self._used.update(refs)
        for ref in refs:
            branch = self._branches[ref.account, ref.branch]
            branch.last_used = max(branch.last_used, ref.index)

    def forget_use(self, ref: ScriptRef) -> None:
        """Take a use back: the transaction proved false. What was derived because of it stays."""
        self._used.discard(ref)
        branch = (ref.account, ref.branch)
        indexes = (used.index for used in self._used if (used.account, used.branch) == branch)
        self._branches[branch].last_used = max(indexes, default=-1)

    def revealed(self, account: AccountId, branch: int) -> int:
        """How many scripts of this branch were given out: the first index that was not."""
        return self._branches[account, branch].revealed

    def set_revealed(self, account: AccountId, branch: int, count: int) -> None:
        """Take over how many were given out, as it was stored."""
        self._branches[account, branch].revealed = count

    def peek(self, account: AccountId, branch: int) -> tuple[ScriptRef, DerivedScript]:
        """What `reveal` would give, without giving it out."""
        state = self._branches[account, branch]
        ref = ScriptRef(account, branch, state.next_index if state.descriptor.is_ranged else 0)
        return ref, self.derived(ref)

    def reveal(self, account: AccountId, branch: int) -> tuple[ScriptRef, DerivedScript]:
        """An address that was never used nor given out; then call `extend`."""
        ref, derived = self.peek(account, branch)
        self._branches[account, branch].revealed = ref.index + 1
        return ref, derived

    def last_revealed(self, account: AccountId, branch: int) -> ScriptRef | None:
        """The address that was given out last, while nobody has used it nor a later one."""
        state = self._branches[account, branch]
        if state.revealed == 0 or state.last_used >= state.revealed - 1:
            return None
        return ScriptRef(account, branch, state.revealed - 1)

    def beyond_gap(self, ref: ScriptRef) -> bool:
        """Whether a wallet that searches by the gap limit would not find this script, restored from the seed."""
        state = self._branches[ref.account, ref.branch]
        return ref.index > state.last_used + self._accounts[ref.account].gap_limit

    def known_refs(self, account: AccountId, branch: int) -> Iterator[ScriptRef]:
        """The scripts that were given out or used, in order."""
        for index in range(self._branches[account, branch].next_index):
            yield ScriptRef(account, branch, index)
