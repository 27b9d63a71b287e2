"""A small engine in the window's own process: it keeps a made-up wallet in memory and notes what it was asked."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar, cast

from tests.bitcoin.blocks import make_block
from wallet.bitcoin.block import Block
from wallet.bitcoin.merkle import build_proof
from wallet.engine import api
from wallet.practice.mining import mine_header

T = TypeVar("T")

WORDS = "abandon ability able about above absent absorb abstract absurd abuse access accident"
PASSWORD = "correct horse battery"
ADDRESSES = (
    "bcrt1qw6fv8tf4gzacq0qzpvawuekd3zr3yv35gs3jky",
    "bcrt1p94c3vs4hy6cygqtz0j5lhtpj7hy9xra3jq7vfkczykr30ys6fzqst8tcs8",
)
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SYNCED = api.SyncStatus("regtest", "synced", 100.0, 900, "00" * 32, NOW, 900, 900, 900, 8, synced=True, stale=False)
ACCOUNTS = (
    api.AccountInfo(0, "p2wpkh", 0, "m/84h/1h/0h", "", 1_000_000),
    api.AccountInfo(1, "p2tr", 0, "m/86h/1h/0h", "", 234_567),
)
NO_RATE = api.RateReport("off", "", None, None, ())
BALANCE = api.Balance(1_234_567, -25_000, 0)


def history(count: int = 8) -> tuple[api.HistoryRow, ...]:
    """Payments in and out, newest first."""
    labels = ("Rent", "", "Coffee with Ana", "Salary", "Book", "", "From the old wallet", "Gift")
    amounts = (-25_000, 40_000, -12_345, 900_000, -31_000, 5_500, 350_000, 7_412)
    rows = []
    for number in range(count):
        pending = number == 0
        rows.append(
            api.HistoryRow(
                txid=f"{number + 1:064x}",
                height=None if pending else 900 - number * 40,
                time=None if pending else NOW - timedelta(days=number * 9),
                amount=amounts[number % 8],
                fee=412 if amounts[number % 8] < 0 else None,
                label=labels[number % 8],
                status="pending" if pending else "confirmed",
                proven=not pending,
                replaced_by=None,
                seen_by=3 if pending else 0,
            )
        )
    return tuple(rows)


def detail(row: api.HistoryRow) -> api.TransactionDetail:
    ends = (
        api.TransactionEnd(ADDRESSES[1], abs(row.amount), own=row.amount > 0),
        api.TransactionEnd(ADDRESSES[0], 60_000, own=row.amount < 0, change=row.amount < 0),
    )
    inputs = (api.TransactionEnd(ADDRESSES[0], abs(row.amount) + 60_412, own=row.amount < 0),)
    block = None if row.height is None else "0000" + "ab" * 30
    return api.TransactionDetail(
        row, inputs, ends, 141, "02" * 60, block, 0 if row.height is None else 901 - row.height
    )


def some_peers() -> tuple[api.PeerRow, ...]:
    """Peers of several kinds; one says something about itself that it should not."""
    agents = ("/Satoshi:29.0.0/", "/Satoshi:28.1.0/Knots:20250305/", "/btcd:0.24.2/", "/\u202eevil <b>:1/")
    places = ("203.0.113.7:8333", "198.51.100.23:8333", "[2001:db8:85a3::8a2e:370:7334]:8333", f"{'a' * 56}.onion:8333")
    services = (0xC49, 0x449, 0x44D, 0x408)
    return tuple(
        api.PeerRow(
            address=places[number],
            version=70016,
            services=services[number],
            transport="v2" if number < 2 else "v1",
            netgroup=f"2a0{number}",
            role="manual" if number == 3 else "outbound",
            height=898 + number % 2,
            latency=None if number == 3 else 0.021 * (number + 1) ** 2,
            received=3_456_789 // (number * 30 + 1),
            sent=45_678 // (number + 1),
            user_agent=agents[number],
        )
        for number in range(4)
    )


def some_coins(count: int = 8) -> tuple[api.CoinRow, ...]:
    """Coins in every state, oldest first."""
    labels = ("Salary", "Rent", "", "Coffee with Ana", "", "From the old wallet", "", "Gift")
    amounts = (900_000, 40_000, 300, 5_500, 5_000_000_000, 350_000, 7_412, 12_000)
    return tuple(
        api.CoinRow(
            outpoint=f"{number + 1:064x}:{number % 2}",
            amount=amounts[number % 8],
            address=ADDRESSES[number % 2],
            height=None if number == count - 1 else 850 + number,
            frozen=number % 8 == 3,
            spendable=number % 8 not in (3, 4) and number != count - 1,
            label=labels[number % 8],
            warning="dust_gift" if number % 8 == 2 else "",
        )
        for number in range(count)
    )


OWN_ADDRESSES = tuple(
    api.AddressRow(text, f"m/84h/1h/0h/0/{n}", "p2wpkh", False, used=True, balance=40_000, label="Rent")
    for n, text in enumerate(ADDRESSES)
)


def some_addresses(count: int = 60) -> tuple[api.AddressRow, ...]:
    """Addresses of two accounts: the first third was used, two of those hold coins; the last five are change."""
    labels = {0: "Salary", 3: "Coffee with Ana", count // 2: "Promised to Bob"}
    return tuple(
        api.AddressRow(
            address=f"bcrt1q{number:038x}",
            path=f"m/{84 if number % 10 else 86}h/1h/0h/{int(number >= count - 5)}/{number}",
            type="p2wpkh" if number % 10 else "p2tr",
            change=number >= count - 5,
            used=number < count // 3,
            balance=90_000 * number if number in (2, 3) else 0,
            label=labels.get(number, ""),
        )
        for number in range(count)
    )


NOT_RESTORED = api.SearchReport(restored=False, searching=False, found=(), nothing_found=False)


@cache
def mined_block() -> Block:
    """Three thousand transactions under a header that was worked for."""
    block = make_block(3_000)
    header = mine_header(block.header.previous, block.header.merkle_root, block.header.time, block.header.bits)
    return Block.build(header, block.transactions)


@dataclass
class EngineDouble:
    """Behaves as scripted by its fields. `refuse` maps a command's type to the error that it meets."""

    wallets: list[api.WalletInfo] = field(default_factory=list)
    rows: tuple[api.HistoryRow, ...] = field(default_factory=history)
    balance: api.Balance = BALANCE
    sync: api.SyncStatus = SYNCED
    password: str | None = PASSWORD
    warnings: tuple[api.PaymentWarning, ...] = ()
    address_warning: str = ""
    accounts: tuple[api.AccountInfo, ...] = ACCOUNTS
    contacts: tuple[api.ContactRow, ...] = ()
    rate: api.RateReport = NO_RATE
    refuse: dict[type[api.Command[Any]], api.WrenError] = field(default_factory=dict)
    asked: list[api.Command[Any]] = field(default_factory=list)
    search: api.SearchReport = NOT_RESTORED
    coins: tuple[api.CoinRow, ...] = ()
    addresses: tuple[api.AddressRow, ...] = OWN_ADDRESSES
    peers: tuple[api.PeerRow, ...] = ()
    own_node: str = ""
    bans: tuple[api.BanRow, ...] = ()
    requests: tuple[api.RequestRow, ...] = ()
    closed: bool = False
    address: int = 0
    _listeners: list[api.Listener] = field(default_factory=list)

    async def run(self, command: api.Command[T]) -> T:
        self.asked.append(command)
        await asyncio.sleep(0)
        if error := self.refuse.get(type(command)):
            raise error
        return cast("T", self._answer(command))

    def subscribe(self, listener: api.Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        self.closed = True

    def announce(self, event: api.Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def commands(self, kind: type[T]) -> list[T]:
        """The commands of one type that were asked, in order."""
        return [command for command in self.asked if isinstance(command, kind)]

    def _answer(self, command: api.Command[Any]) -> object:
        answer = getattr(self, f"_{type(command).__name__}", None)
        return None if answer is None else answer(command)

    # --- answers, each named after its command ---

    def _ListWallets(self, command: api.ListWallets) -> tuple[api.WalletInfo, ...]:
        return tuple(self.wallets)

    def _NewPhrase(self, command: api.NewPhrase) -> str:
        return " ".join((WORDS.split() * 2)[: command.words])

    def _CheckPhrase(self, command: api.CheckPhrase) -> api.PhraseCheck:
        words = command.text.split()
        unknown = tuple(index for index, word in enumerate(words) if word not in WORDS.split())
        if not words:
            return api.PhraseCheck(None, "", complete=False)
        if unknown:
            return api.PhraseCheck(
                None, f"“{words[unknown[0]]}” is in no word list", complete=False, unknown_words=unknown
            )
        if len(words) != 12:
            return api.PhraseCheck(None, f"{len(words)} words so far; a phrase has 12 or more", complete=False)
        return api.PhraseCheck("bip39", "A seed phrase of 12 English words.", complete=True)

    def _GetWordList(self, command: api.GetWordList) -> tuple[str, ...]:
        return (*WORDS.split(), "abandon", "ability", "able", "about", "above")

    def _GetSearch(self, command: api.GetSearch) -> api.SearchReport:
        return self.search

    def _Rescan(self, command: api.Rescan) -> api.RescanReport:
        self.search = api.SearchReport(restored=True, searching=True, found=(), nothing_found=False)
        return api.RescanReport(0, command.gap or 20, 20)

    def _made(self, name: str) -> api.CreatedWallet:
        self.wallets.append(api.WalletInfo(name, "regtest", "keyring", locked=False))
        return api.CreatedWallet(name, "bip39", "keyring", "73c5da0a", NOW.date())

    def _CreateWallet(self, command: api.CreateWallet) -> api.CreatedWallet:
        self.password = command.password
        return self._made(command.name)

    def _RestoreWallet(self, command: api.RestoreWallet) -> api.CreatedWallet:
        self.password = command.password
        return self._made(command.name)

    def _check_password(self, password: str | None) -> None:
        if password != self.password:
            raise api.WrenError("bad_password", "the password is wrong: try again")

    def _OpenWallet(self, command: api.OpenWallet) -> api.WalletInfo:
        wallet = next(entry for entry in self.wallets if entry.name == command.name)
        if wallet.locked:
            self._check_password(command.password)
        return wallet

    def _GetSyncStatus(self, command: api.GetSyncStatus) -> api.SyncStatus:
        return self.sync

    def _GetStatus(self, command: api.GetStatus) -> api.WalletStatus:
        return api.WalletStatus(self.sync, self.wallets[0].name, "keyring", NOW.date(), 1, self.accounts)

    def _GetAccounts(self, command: api.GetAccounts) -> tuple[api.AccountInfo, ...]:
        return self.accounts

    def _GetContacts(self, command: api.GetContacts) -> tuple[api.ContactRow, ...]:
        return self.contacts

    def _SetContact(self, command: api.SetContact) -> api.ContactRow:
        return api.ContactRow(command.name, command.address, command.note or "", 1, "")

    def _GetRate(self, command: api.GetRate) -> api.RateReport:
        return self.rate

    def _GetWalletFacts(self, command: api.GetWalletFacts) -> api.WalletFacts:
        name = self.wallets[0].name
        return api.WalletFacts(name, "bip39", "73c5da0a", NOW.date(), "keyring", watch_only=False)

    def _GetSpendable(self, command: api.GetSpendable) -> tuple[api.Spendable, ...]:
        sums = Counter[int]()
        for row in self.accounts:
            sums[row.account] += row.balance
        return tuple(api.Spendable(number, amount) for number, amount in sums.items())

    def _GetBalance(self, command: api.GetBalance) -> api.Balance:
        return self.balance

    def _GetHistory(self, command: api.GetHistory) -> tuple[api.HistoryRow, ...]:
        return self.rows[: command.limit]

    def _filtered(self, wanted: api.HistoryFilter) -> tuple[api.HistoryRow, ...]:
        rows = [row for row in self.rows if wanted.text.lower() in row.label.lower()]
        match wanted.side:
            case "received":
                return tuple(row for row in rows if row.amount >= 0)
            case "sent":
                return tuple(row for row in rows if row.amount < 0)
            case "waiting":
                return tuple(row for row in rows if row.height is None)
            case "all":
                return tuple(rows)

    def _Search(self, command: api.Search) -> api.SearchAnswer:
        rows = [row for row in self.rows if row.label and command.text.lower() in row.label.lower()]
        hits = [api.SearchHit("tx", row.txid, "label", row.label, row.amount, row.time) for row in rows]
        people = [api.SearchHit("contact", "Ana Winter", "name"), api.SearchHit("addr", ADDRESSES[0], "address")]
        return api.SearchAnswer((*people, *hits)[: command.limit], more=False)

    def _ListHistory(self, command: api.ListHistory) -> api.HistorySlice:
        rows = self._filtered(command.filter)
        return api.HistorySlice(0, len(rows), rows[command.offset : command.offset + command.limit])

    def _GetBalanceHistory(self, command: api.GetBalanceHistory) -> tuple[api.BalancePoint, ...]:
        points: list[api.BalancePoint] = []
        balance = 0
        for row in reversed(self.rows):
            if row.time is not None:
                balance += row.amount
                points.append(api.BalancePoint(row.time, balance))
        return tuple(point for point in points if command.since is None or point.time >= command.since)

    def _GetHistorySum(self, command: api.GetHistorySum) -> api.HistorySum:
        amounts = [row.amount for row in self._filtered(command.filter)]
        return api.HistorySum(
            len(amounts), sum(max(0, each) for each in amounts), -sum(min(0, each) for each in amounts), 0
        )

    def _GetReceiveAddress(self, command: api.GetReceiveAddress) -> api.ReceiveAddress:
        self.address = (self.address + command.fresh) % len(ADDRESSES)
        address = ADDRESSES[self.address]
        return api.ReceiveAddress(
            address, "m/84h/1h/0h/0/0", f"bitcoin:{address}", "p2wpkh", warning=self.address_warning
        )

    def _GetRequests(self, command: api.GetRequests) -> tuple[api.RequestRow, ...]:
        return tuple(row for row in self.requests if command.archived or not row.archived)

    def _GetTransaction(self, command: api.GetTransaction) -> api.TransactionDetail:
        return detail(self._row(command.txid))

    def _row(self, txid: str) -> api.HistoryRow:
        for row in self.rows:
            if row.txid == txid:
                return row
        raise api.WrenError("not_found", "this wallet has no such transaction")

    def _SetLabel(self, command: api.SetLabel) -> None:
        self.rows = tuple(
            replace(row, label=command.label) if command.kind == "tx" and row.txid == command.reference else row
            for row in self.rows
        )

    def _PreparePayment(self, command: api.PreparePayment) -> api.PaymentReview:
        typed = sum(amount or 0 for _, amount in command.recipients)
        if typed > self.balance.confirmed:
            raise api.WrenError("insufficient_funds", f"needs {typed} satoshis, has {self.balance.confirmed} satoshis")
        rest = self.balance.confirmed - 282 - typed
        takes_all = any(amount is None for _, amount in command.recipients)
        amounts = [(address, rest if amount is None else amount) for address, amount in command.recipients]
        change = 0 if takes_all else rest
        return api.PaymentReview(
            id="review-1",
            recipients=tuple(api.TransactionEnd(address, amount, own=False) for address, amount in amounts),
            inputs=(api.TransactionEnd(ADDRESSES[0], self.balance.confirmed, own=True),),
            amount=sum(amount for _, amount in amounts),
            fee=282,
            fee_rate=command.fee_rate or 2.0,
            vsize=141,
            change=change,
            change_address=ADDRESSES[1] if change else None,
            warnings=self.warnings,
            hex="02" * 60,
            psbt="cHNidP8=",
        )

    def _PrepareBump(self, command: api.PrepareBump) -> api.PaymentReview:
        rate = command.fee_rate or 8.0
        return self._mended(command.txid, round(141 * rate), rate)

    def _PrepareCancel(self, command: api.PrepareCancel) -> api.PaymentReview:
        rate = command.fee_rate or 9.0
        return replace(self._mended(command.txid, round(141 * rate), rate), recipients=(), amount=0)

    def _mended(self, txid: str, fee: int, rate: float) -> api.PaymentReview:
        row = self._row(txid)
        paid = abs(row.amount) - (row.fee or 0)
        return api.PaymentReview(
            id="review-2",
            recipients=(api.TransactionEnd(ADDRESSES[1], paid, own=False),),
            inputs=(api.TransactionEnd(ADDRESSES[0], 900_000, own=True),),
            amount=paid,
            fee=fee,
            fee_rate=rate,
            vsize=141,
            change=900_000 - paid - fee,
            change_address=ADDRESSES[0],
            warnings=(),
            hex="02" * 60,
            psbt="cHNidP8=",
            method="rbf",
            replaces=(txid,),
        )

    def _AbandonTransaction(self, command: api.AbandonTransaction) -> tuple[str, ...]:
        return (command.txid,)

    def _GetDataUse(self, command: api.GetDataUse) -> api.DataUse:
        return api.DataUse(123_000_000, None, paused=False, unconfirmed=True, a_day=200_000_000, basis="usual")

    def _SetDataUse(self, command: api.SetDataUse) -> api.DataUse:
        return replace(self._GetDataUse(api.GetDataUse()), limit=command.limit, unconfirmed=command.unconfirmed)

    def _GetCoins(self, command: api.GetCoins) -> tuple[api.CoinRow, ...]:
        return self.coins[command.first :][: command.count]

    def _GetPeers(self, command: api.GetPeers) -> tuple[api.PeerRow, ...]:
        return self.peers

    def _GetRoute(self, command: api.GetRoute) -> api.Route:
        named = (self.own_node,) if self.own_node else ()
        return api.Route(named, self.own_node, "", bloom=False, offline=False)

    def _SetOwnNode(self, command: api.SetOwnNode) -> api.Route:
        self.own_node = command.address
        return self._GetRoute(api.GetRoute())

    def _GetBans(self, command: api.GetBans) -> tuple[api.BanRow, ...]:
        return self.bans

    def _GetChain(self, command: api.GetChain) -> api.ChainReport:
        ages = (4, 19, 22, 41, 43, 60, 75, 92, 96, 111, 130, 134)
        now = datetime.now(UTC)
        blocks = (
            api.BlockRow(900 - number, f"{'0' * 12}{900 - number:052x}", now - timedelta(minutes=ages[number]))
            for number in range(min(command.blocks, len(ages)))
        )
        return api.ChainReport(tuple(blocks), 61 * 10**27)

    def _GetFees(self, command: api.GetFees) -> api.FeeReport:
        rates = ((2, 12.0), (6, 5.5), (24, 2.0))
        return api.FeeReport("blocks", 6, 1.0, tuple(api.FeeEstimate(target, rate) for target, rate in rates))

    def _SendPayment(self, command: api.SendPayment) -> api.SendResult:
        self._check_password(command.password)
        report = api.BroadcastReport(sent_to=4, requested_by=4, seen_from=2, propagated=True)
        return api.SendResult("ab" * 32, 282, 2.0, 141, 50_000, 100_000, "02" * 60, report)

    def _ReviewPsbt(self, command: api.ReviewPsbt) -> api.PsbtReview:
        owns = (True, False)
        inputs = tuple(
            api.PsbtInputRow(
                f"{'ab' * 32}:{n}", 150_000, ADDRESSES[n], own, signatures=1 - own, needed=1, signed=not own
            )
            for n, own in enumerate(owns)
        )
        outputs = (
            api.PsbtOutputRow(ADDRESSES[1], 250_000, own=False, change=False),
            api.PsbtOutputRow(ADDRESSES[0], 49_000, own=True, change=True),
        )
        text = "input 1: its amount is a claim, the previous transaction is missing"
        warnings = (api.PaymentWarning("amount_claimed", text),)
        return api.PsbtReview(
            "cd" * 32,
            0,
            inputs,
            outputs,
            250_000,
            -101_000,
            1_000,
            4.78,
            209,
            850_000,
            complete=False,
            warnings=warnings,
        )

    def _GetAddresses(self, command: api.GetAddresses) -> tuple[api.AddressRow, ...]:
        return self.addresses[command.first :][: command.count]

    def _GetDescriptors(self, command: api.GetDescriptors) -> tuple[api.DescriptorRow, ...]:
        key = "[73c5da0a/84h/1h/0h]tpub" + "DC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2X" * 2
        return tuple(
            api.DescriptorRow(f"{form}({key}/{branch}/*)#xxxxxxxx", kind, 0, change=bool(branch))
            for form, kind in (("wpkh", "p2wpkh"), ("tr", "p2tr"))
            for branch in (0, 1)
        )

    def _SignMessage(self, command: api.SignMessage) -> str:
        self._check_password(command.password)
        return "smpAkcwRAIg" + "ZbCdEfGhIj" * 13 + "=="

    def _VerifyMessage(self, command: api.VerifyMessage) -> bool:
        return True

    def _PrepareSweep(self, command: api.PrepareSweep) -> api.SweepReview:
        return api.SweepReview("sweep-1", 3, ADDRESSES[0], 812_345, 1_540, 5.5, 280, "02" * 60)

    def _GetWords(self, command: api.GetWords) -> str:
        self._check_password(command.password)
        return WORDS

    def _GetTransactionPsbt(self, command: api.GetTransactionPsbt) -> str:
        return "cHNidP8="

    def _GetProof(self, command: api.GetProof) -> dict[str, object]:
        row = self._row(command.txid)
        return build_proof(mined_block(), 1_203, row.height or 0).to_json()

    def _VerifyProof(self, command: api.VerifyProof) -> api.ProofVerdict:
        height = command.document["height"]
        return api.ProofVerdict(True, True, str(command.document["txid"]), height if isinstance(height, int) else 0, 41)
