"""Sweeping: all coins of one private key, of every script type, are sent to the open wallet.

The key's scripts are matched against the chain apart from the wallet's, in a ledger of their own that nothing keeps.
The payment is reviewed like any other; the key is given once more to sign it, and is kept nowhere.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.curve import parse_public_key
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.descriptor_text import KeyExpression
from wallet.bitcoin.hashes import Txid, hash160
from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.merkle import MerkleProof
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import Transaction
from wallet.engine import api
from wallet.engine.chain_source import ChainSource
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.scanner import Scanner
from wallet.engine.session import Session
from wallet.engine.spending import Spending, send_result
from wallet.ledger.changeset import ChangeSet
from wallet.ledger.keychain import EXTERNAL, Account, ScriptRef
from wallet.ledger.ledger import Ledger
from wallet.ledger.payment import PaymentDraft, PaymentIntent, Recipient, build
from wallet.ledger.payment_errors import InsufficientFunds

_TYPES: Final = (ScriptType.P2WPKH, ScriptType.P2TR, ScriptType.P2SH_P2WPKH, ScriptType.P2PKH)
_EXTRA_BYTES: Final = 32
"""How much longer an input is whose public key is written in 65 bytes."""
_POLL: Final = 0.05


class _Nowhere:
    """Keeps nothing of a ledger (`wallet.ledger.view.LedgerStore`)."""

    def load(self) -> ChangeSet:
        return ChangeSet()

    def apply(self, _change: ChangeSet) -> None: ...

    def proof(self, _txid: Txid) -> MerkleProof | None:
        return None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A sweep under review, and the wallet that it pays."""

    session: Session
    draft: PaymentDraft
    label: str


class Sweeping:
    """The commands that sweep."""

    def __init__(self, parts: Parts, network: Network, spending: Spending, session: Callable[[], Session]) -> None:
        self._parts = parts
        self._network = network
        self._spending = spending
        self._session = session
        self._prepared: dict[str, _Prepared] = {}

    def table(self) -> Mapping[type[api.Command[Any]], Callable[[Any], Awaitable[object]]]:
        """Who carries out which command."""
        return {api.PrepareSweep: self.prepare, api.SendSweep: self.send}

    async def prepare(self, command: api.PrepareSweep) -> api.SweepReview:
        """Find the key's coins, and put together the payment of all of them to an unused address of ours."""
        session = self._session()
        public_key = bytes.fromhex(await self._parts.vault.single_key(command.key, self._parts.params.name))
        await self._spending.catch_up(command.timeout)
        ledger = self._ledger(public_key)
        await self._scan(ledger, command)
        if not any(coin.spendable for coin in ledger.coins(self._network.tip_height)):
            raise InsufficientFunds(0, 0)
        rate = FeeRate.from_sat_per_vb(await self._spending.rate(command.fee_rate, command.timeout, command.preset))
        if self._session() is not session:
            raise api.WrenError("refused", "the wallet was closed before the coins were found; nothing was sent")
        place = self._place(session)
        intent = PaymentIntent((Recipient(place, None),), fee_rate=rate, accept_fee=command.accept_fee)
        draft = self._draft(ledger, intent, is_long=len(public_key) > 33)
        self._spending.refuse_stuck(draft)
        draft.check_accepted()
        number = secrets.token_hex(8)
        self._prepared = {number: _Prepared(session, draft, command.label)}
        address = address_from_script(draft.recipients[0].script_pubkey, self._parts.params)
        return api.SweepReview(
            id=number,
            coins=len(draft.coins),
            address="" if address is None else address.text,
            amount=draft.amount,
            fee=draft.fee,
            fee_rate=round(draft.fee_rate, 3),
            vsize=draft.vsize,
            hex=draft.transaction.serialize().hex(),
        )

    def _ledger(self, public_key: bytes) -> Ledger:
        """Every script that this key alone spends. A key of 65 bytes has legacy addresses only (BIP143)."""
        parse_public_key(public_key)
        ledger = Ledger(_Nowhere())
        key = KeyExpression(KeyOrigin(hash160(public_key)[:4]), None, public_key, (), False)
        for number, kind in enumerate(_TYPES if len(public_key) == 33 else (ScriptType.P2PKH,)):
            descriptor = Descriptor(kind, key, self._parts.params)
            ledger.add_account(Account(number, kind, 0, descriptor, None))
        return ledger

    async def _scan(self, ledger: Ledger, command: api.PrepareSweep) -> None:
        """Match the whole chain, or its part from a height or day on. Raises WrenError timeout, no_peers."""
        node = self._network.node
        start = 0 if command.start is None else self._network.first_height(command.start)
        if node is None:
            raise api.WrenError("no_peers", "there is no connection")
        node.want_from(start or 0)
        scanner = Scanner(
            ledger, ChainSource(self._network.files, node, self._network.use), self._parts.matcher, lambda _: None
        )
        task = asyncio.create_task(scanner.run())
        deadline = time.monotonic() + command.timeout
        try:
            while not (scanner.complete and node.filter_tip >= self._network.tip_height):
                if task.done():
                    task.result()
                if time.monotonic() >= deadline:
                    raise api.WrenError("timeout", f"not all blocks were looked at within {command.timeout:g} s")
                if self._network.files.headers.base_height <= (start or 0):
                    scanner.advance(start or 0, node.filter_tip)
                await asyncio.sleep(_POLL)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for height, block_hash in ledger.block_hashes().items():
            if self._network.hash_at(height) != block_hash:
                raise api.WrenError("not_synced", "the chain changed while it was looked at: sweep again")

    def _draft(self, ledger: Ledger, intent: PaymentIntent, is_long: bool) -> PaymentDraft:
        tip = self._network.tip_height
        draft = build(intent, ledger, tip, self._parts.chance)
        if not is_long or intent.fee_rate is None:
            return draft
        vsize = draft.vsize + _EXTRA_BYTES * len(draft.coins)
        fee = intent.fee_rate.fee(vsize)
        longer = build(replace(intent, fee_rate=None, fee=fee), ledger, tip, self._parts.chance)
        return replace(longer, vsize=vsize)

    def _place(self, session: Session) -> bytes:
        """Where the coins go: the address that was given out last and not paid yet, or a new one."""
        account = session.account(None)
        keychain = session.ledger.keychain
        ref = keychain.last_revealed(account.id, EXTERNAL) or self._new_place(session, account)
        return keychain.script(ref)

    def _new_place(self, session: Session, account: Account) -> ScriptRef:
        """A script of ours that was not given out; never one that the seed words alone might not bring back."""
        fresh, _ = session.ledger.keychain.peek(account.id, EXTERNAL)
        ref = session.ledger.within_reach(fresh)
        if ref == fresh:
            session.ledger.reveal(account.id)
            self._network.commit()
        return ref

    async def send(self, command: api.SendSweep) -> api.SendResult:
        """Sign with the key, store, and hand out; a review is sent once."""
        prepared = self._prepared.pop(command.review, None)
        session = self._session()
        if prepared is None or prepared.session is not session:
            raise api.WrenError("not_found", "this sweep is no longer under review: prepare it again")
        draft = prepared.draft
        raw = await self._parts.vault.sign_sweep(command.key, draft.psbt.serialize(), self._parts.params.name)
        signed = Psbt.parse(raw)
        if signed.transaction != draft.transaction:
            raise api.WrenError("refused", "the signed payment is not the reviewed one; nothing was sent")
        transaction = signed.finalize().extract()
        if self._session() is not session:
            raise api.WrenError("refused", "the wallet was closed before the payment was made; nothing was sent")
        self._store(session, transaction, prepared.label)
        report = await self._spending.announce(transaction, command.timeout) if command.broadcast else None
        return send_result(draft, transaction, report)

    def _store(self, session: Session, transaction: Transaction, label: str) -> None:
        session.ledger.add_local(transaction, int(self._parts.clock()), label)
        try:
            self._network.commit()
        except BaseException:
            session.ledger.abandon(transaction.txid)  # not stored, so not made
            raise
