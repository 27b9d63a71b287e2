"""Receiving: a fresh address each time, and what became of the requests that were made with them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from wallet.bitcoin.address import Address, AddressError, parse_address
from wallet.bitcoin.amount import MAX_MONEY
from wallet.bitcoin.uri import PaymentUri, format_uri
from wallet.engine import api
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.session import Session
from wallet.engine.views import address_text, moment
from wallet.ledger.keychain import EXTERNAL, Account, AccountId, ScriptRef
from wallet.ledger.labels import LabelKind, clean_label
from wallet.ledger.ledger import Ledger
from wallet.ledger.record import PaymentRequest
from wallet.ledger.requests import is_late, received

LONGEST: Final = 100 * 366 * 24 * 60 * 60
"""Seconds that a request lasts at most."""

_GAP_WARNING = (
    "many addresses before this one were never paid: "
    "other wallets, restored from the seed words, might not look this far"
)
Handler = Callable[[Any], Awaitable[object]]


class Requests:
    """The commands that ask others for money."""

    def __init__(self, parts: Parts, network: Network, session: Callable[[], Session]) -> None:
        self._parts = parts
        self._network = network
        self._session = session

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {
            api.GetReceiveAddress: self.receive,
            api.GetRequests: self.list,
            api.ArchiveRequest: self.archive,
            api.DeleteRequest: self.delete,
        }

    # --- asking ---

    async def receive(self, command: api.GetReceiveAddress) -> api.ReceiveAddress:
        session = self._session()
        label = _check(command)
        account = session.account(command.type, command.account)
        ledger = session.ledger
        ref = self._ref(ledger, account, fresh=command.fresh)
        answer = self._address(session, ref, command.amount, label)
        if label:
            ledger.set_label(LabelKind.ADDRESS, answer.address, label)
        if command.amount is not None or label or command.expires is not None:
            now = int(self._parts.clock())
            expires = None if command.expires is None else now + command.expires
            ledger.request(PaymentRequest(ref, ledger.keychain.script(ref), command.amount, label, now, expires))
        self._network.commit()
        return answer

    def _ref(self, ledger: Ledger, account: Account, *, fresh: bool) -> ScriptRef:
        """The address that was given out last, while nobody uses it and no request was made with it; else a new one."""
        ref = None if fresh else ledger.keychain.last_revealed(account.id, EXTERNAL)
        if ref is not None and (ledger.request_to(ref) is None or not account.external.is_ranged):
            return ref
        if ref is None or not _out_of_reach(ledger, account.id):
            _refuse_out_of_reach(ledger, account.id)
            ref, _, _ = ledger.reveal(account.id)
        return ref

    def _address(self, session: Session, ref: ScriptRef, amount: int | None, label: str) -> api.ReceiveAddress:
        derived = session.ledger.keychain.derived(ref)
        text = address_text(derived.script_pubkey, self._parts.params)
        if text is None:
            raise api.WrenError("refused", "scripts of this kind have no address")
        uri = format_uri(PaymentUri(Address(derived.script_pubkey, text, derived.type), amount, label, ""))
        warning = _GAP_WARNING if session.ledger.keychain.beyond_gap(ref) else ""
        return api.ReceiveAddress(text, session.view.path(ref), uri, str(derived.type), warning)

    # --- what became of it ---

    async def list(self, command: api.GetRequests) -> tuple[api.RequestRow, ...]:
        session = self._session()
        found = (each for each in reversed(session.ledger.requests()) if command.archived or not each.archived)
        return tuple(self._row(session, request) for request in found)

    def _row(self, session: Session, request: PaymentRequest) -> api.RequestRow:
        ledger = session.ledger
        receipts = ledger.receipts(request.script_pubkey)
        seen, proven = received(receipts)
        address = address_text(request.script_pubkey, self._parts.params) or request.script_pubkey.hex()
        label = ledger.label(LabelKind.ADDRESS, address)
        asked = self._address(session, request.ref, request.amount, label)
        created = moment(request.created)
        if created is None:
            raise AssertionError("a request without its time")
        return api.RequestRow(
            address=address,
            amount=request.amount,
            label=label,
            created=created,
            expires=moment(request.expires),
            state=ledger.request_state(request, int(self._parts.clock())).value,
            received=seen,
            proven=proven,
            late=is_late(request, receipts),
            archived=request.archived,
            uri=asked.uri,
            transactions=tuple(str(record.txid) for record, _ in receipts),
        )

    # --- putting away ---

    async def archive(self, command: api.ArchiveRequest) -> None:
        session = self._session()
        session.ledger.notes.archive_request(self._find(session, command.address), command.archived)
        self._network.commit()

    async def delete(self, command: api.DeleteRequest) -> None:
        session = self._session()
        session.ledger.notes.delete_request(self._find(session, command.address))
        self._network.commit()

    def _find(self, session: Session, text: str) -> ScriptRef:
        try:
            script = parse_address(text, self._parts.params).script_pubkey
        except AddressError as error:
            raise api.WrenError(error.code, str(error)) from error
        ref = session.ledger.keychain.scripts().get(script)
        if ref is None or session.ledger.request_to(ref) is None:
            raise api.WrenError("not_found", "no request was made with this address: see `wren requests --all`")
        return ref


def _check(command: api.GetReceiveAddress) -> str:
    """The label as it is kept. Raises WrenError, and LabelError, for what cannot be asked for."""
    if command.amount is not None and not 0 < command.amount <= MAX_MONEY:
        raise api.WrenError("bad_amount", f"{command.amount} satoshis cannot be asked for")
    if command.expires is not None and not 0 < command.expires <= LONGEST:
        raise api.WrenError("refused", "a request ends after 1 second at the least and 100 years at the most")
    return clean_label(command.label)


def _out_of_reach(ledger: Ledger, account: AccountId) -> bool:
    ref, _ = ledger.keychain.peek(account, EXTERNAL)
    return ledger.beyond_reach(ref)


def _refuse_out_of_reach(ledger: Ledger, account: AccountId) -> None:
    """Money on an address so far out would be lost with the computer: the seed words alone must bring it back."""
    if not _out_of_reach(ledger, account):
        return
    ref, _ = ledger.keychain.peek(account, EXTERNAL)
    unused = ref.index - ledger.last_proven(account, EXTERNAL) - 1
    message = (
        f"{ref.index} addresses were given out and the last {unused} never paid in a block; one further out "
        "might not be found again from the seed words: use one of those (see `wren addresses`)"
    )
    raise api.WrenError("refused", message)
