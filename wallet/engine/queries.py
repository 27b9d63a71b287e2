"""Questions about the open wallet, and the small things that a user notes in it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.merkle import MerkleProof, ProofError
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import PowError, check_pow
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.session import Session
from wallet.engine.views import history_row
from wallet.ledger.history import HistoryEntry
from wallet.ledger.keychain import EXTERNAL
from wallet.ledger.labels import LabelError, LabelKind

SessionOf = Callable[[], Session]


def parse_txid(text: str) -> Txid:
    """A transaction id as it is displayed. Raises WrenError not_found."""
    try:
        return Txid.from_hex(text)
    except ValueError as error:
        message = f"{text!r} is not a transaction id: it has 64 hexadecimal digits"
        raise api.WrenError("not_found", message) from error


def row_of(network: Network, session: Session, entry: HistoryEntry) -> api.HistoryRow:
    """An entry of the history with what the wallet calls its addresses, and what the network has seen of it."""
    seen_by = 0 if network.node is None else network.node.seen_by(entry.txid)
    return history_row(entry, session.view.about(entry), seen_by)


def _piece(command: api.GetCoins | api.GetAddresses) -> slice:
    """The part of a long list that is asked for."""
    first = max(0, command.first)
    return slice(first, None if command.count is None else first + max(0, command.count))


class Queries:
    """Answers from the stored state; nothing here waits for the network."""

    def __init__(self, parts: Parts, network: Network, session: SessionOf) -> None:
        self._parts = parts
        self._network = network
        self._session = session

    # --- the wallet as it stands ---

    async def status(self, _command: api.GetStatus) -> api.WalletStatus:
        session = self._session()
        return api.WalletStatus(
            sync=self._network.status(),
            wallet=session.entry.name,
            vault=session.entry.vault,
            birthday=session.birthday_date,
            pending=len(session.ledger.unproven()),
            accounts=session.view.accounts(session.accounts(), self._network.tip_height),
        )

    async def balance(self, _command: api.GetBalance) -> api.Balance:
        found = self._session().ledger.balance(self._network.tip_height)
        return api.Balance(found.confirmed, found.pending, found.immature)

    async def addresses(self, command: api.GetAddresses) -> tuple[api.AddressRow, ...]:
        return self._session().view.addresses(self._network.tip_height, _piece(command))

    async def coins(self, command: api.GetCoins) -> tuple[api.CoinRow, ...]:
        session = self._session()
        accounts = session.ledger.keychain.accounts
        found = [
            coin
            for coin in session.ledger.coins(self._network.tip_height)
            if command.account in (None, accounts[coin.ref.account].account)
        ]
        return tuple(map(session.view.coin, found[_piece(command)]))

    async def history(self, command: api.GetHistory) -> tuple[api.HistoryRow, ...]:
        session = self._session()
        entries = session.ledger.history(self._network.tip_height, command.limit)
        return tuple(row_of(self._network, session, entry) for entry in entries)

    async def transaction(self, command: api.GetTransaction) -> api.TransactionDetail:
        session, tip = self._session(), self._network.tip_height
        txid = parse_txid(command.txid)
        record = session.ledger.transactions.get(txid)
        if record is None:
            raise api.WrenError("not_found", f"this wallet has no transaction {txid}")
        transaction = record.transaction
        return api.TransactionDetail(
            row=row_of(self._network, session, session.ledger.entry(txid, tip)),
            inputs=session.view.inputs(transaction),
            outputs=session.view.outputs(transaction),
            vsize=transaction.vsize,
            hex=record.raw.hex(),
            block_hash=None if record.location is None else str(record.location.block_hash),
            confirmations=0 if record.height is None else max(0, tip - record.height + 1),
        )

    async def descriptors(self, command: api.GetDescriptors) -> tuple[api.DescriptorRow, ...]:
        """The accounts' descriptors; the private ones come from the vault, behind the password."""
        session = self._session()
        rows = tuple(
            api.DescriptorRow(str(descriptor), str(account.type), account.account, change=branch != EXTERNAL)
            for account in session.accounts()
            for branch, descriptor in account.branches().items()
        )
        if not command.private:
            return rows
        texts = [row.descriptor for row in rows]
        found = await self._parts.vault.private_descriptors(session.vault, command.password, texts)
        return tuple(replace(row, descriptor=text) for row, text in zip(rows, found, strict=True))

    async def words(self, command: api.GetWords) -> str:
        return await self._parts.vault.words(self._session().vault, command.password)

    # --- labels ---

    async def set_label(self, command: api.SetLabel) -> None:
        try:
            kind = LabelKind(command.kind)
        except ValueError as error:
            raise api.WrenError("refused", f"{command.kind!r} cannot be labelled") from error
        self._label(self._session(), kind, command.reference, command.label)
        self._network.commit()

    @staticmethod
    def _label(session: Session, kind: LabelKind, reference: str, text: str) -> None:
        try:
            session.ledger.set_label(kind, reference, text)
        except LabelError as error:
            raise api.WrenError("refused", str(error)) from error

    # --- proofs ---

    async def proof(self, command: api.GetProof) -> dict[str, object]:
        txid = parse_txid(command.txid)
        session = self._session()
        if txid not in session.ledger.transactions:
            raise api.WrenError("not_found", f"this wallet has no transaction {txid}")
        proof = session.ledger.proof(txid)
        if proof is None and session.ledger.transactions[txid].location is not None:
            raise api.WrenError("not_found", f"the block of {txid} was made so that no branch proves anything in it")
        if proof is None:
            raise api.WrenError("not_found", f"transaction {txid} is in no block yet, so there is nothing to prove")
        return proof.to_json()

    async def verify_proof(self, command: api.VerifyProof) -> api.ProofVerdict:
        try:
            proof = MerkleProof.from_json(command.document)
        except ProofError as error:
            return _unreadable(command.document, str(error))
        reason = judge(proof, self._parts.params)
        known = self._network.hash_at(proof.height) == proof.header.hash
        confirmations = self._network.tip_height - proof.height + 1 if known else 0
        return api.ProofVerdict(not reason, known, str(proof.txid), proof.height, confirmations, reason)


def judge(proof: MerkleProof, params: ChainParams) -> str:
    """Why a proof does not hold, empty if it does: its figures, and the work of the header that it ends in."""
    header: BlockHeader = proof.header
    try:
        proof.verify()
        check_pow(header.hash, header.bits, params)
    except (ProofError, PowError) as error:
        return str(error)
    return ""


def _unreadable(document: dict[str, Any], reason: str) -> api.ProofVerdict:
    """The verdict on something that is not a proof: it names what it claims to be about, if that can be read."""
    txid, height = document.get("txid"), document.get("height")
    return api.ProofVerdict(
        valid=False,
        known=False,
        txid=txid if isinstance(txid, str) else "",
        height=height if isinstance(height, int) and not isinstance(height, bool) else -1,
        confirmations=0,
        reason=reason,
    )
