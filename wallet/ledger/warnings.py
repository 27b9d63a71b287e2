"""What to look at before paying."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.amount import Sats
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.transaction import TxOut
from wallet.ledger.contacts import owners
from wallet.ledger.groups import LabelOf
from wallet.ledger.guards import look_alikes, similar_scripts
from wallet.ledger.record import Coin
from wallet.ledger.view import LedgerView

HIGH_SHARE_PERCENT = 25
HIGH_FEE = 50_000
HIGH_RATE = 500
"""Satoshis per virtual byte."""
_LABELS_NAMED = 3


@dataclass(frozen=True, slots=True)
class PaymentWarning:
    """blocking: the payment stops unless the user accepts it explicitly."""

    code: str
    text: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class FeeFacts:
    """fee: what is paid; asked: what the rate, or the user, asks for; accepted: what the user has agreed to."""

    fee: Sats
    asked: Sats
    vsize: int
    accepted: Sats | None


def find_warnings(
    ledger: LedgerView,
    tip_height: int,
    recipients: Sequence[TxOut],
    coins: Sequence[Coin],
    facts: FeeFacts,
    label_of: LabelOf,
) -> tuple[PaymentWarning, ...]:
    """Everything worth a look, the blocking ones first."""
    found = [
        *about_fee(facts, sum(output.amount for output in recipients)),
        *_about_recipients(ledger, recipients),
        *_about_coins(ledger, coins),
        *about_labels(coins, label_of),
        *_about_addresses(ledger.coins_on({coin.script_pubkey for coin in coins}, tip_height), coins),
    ]
    return tuple(sorted(found, key=lambda warning: not warning.blocking))


def about_fee(facts: FeeFacts, amount: Sats) -> Iterator[PaymentWarning]:
    """Whether the fee is out of proportion to the amount, or holds what was too little for change."""
    reason = high_fee(facts.fee, facts.vsize, amount)
    if reason:
        accepted = facts.accepted is not None and facts.fee <= facts.accepted
        yield PaymentWarning("fee_high", f"the fee of {facts.fee} satoshis is {reason}", blocking=not accepted)
    extra = facts.fee - facts.asked
    if extra > 0:
        yield PaymentWarning("dust_to_fee", f"{extra} satoshis are too little for change and go to the fee")


def high_fee(fee: Sats, vsize: int, amount: Sats) -> str:
    """Why a fee is out of proportion, in words; empty when it is not."""
    if fee > HIGH_RATE * vsize:
        return f"more than {HIGH_RATE} satoshis per virtual byte"
    if fee > HIGH_FEE and 100 * fee > HIGH_SHARE_PERCENT * amount:
        return f"more than {HIGH_SHARE_PERCENT} % of the amount"
    return ""


def _about_recipients(ledger: LedgerView, recipients: Sequence[TxOut]) -> Iterator[PaymentWarning]:
    """Of several recipients those that are meant are named."""
    own = ledger.keychain.scripts()
    scripts = list(dict.fromkeys(output.script_pubkey for output in recipients))
    params = next((account.external.params for account in ledger.keychain.accounts.values()), None)

    several = params if len(scripts) > 1 else None
    for script in scripts:
        if script in own:
            yield PaymentWarning("own_address", f"{_named(script, several)} is an address of this wallet")
        elif ledger.was_paid(script):
            text = (
                f"{_named(script, several, 'this address')} was paid before: a fresh one keeps both sides more private"
            )
            yield PaymentWarning("reuse", text)
    if len(scripts) < len(recipients):
        yield PaymentWarning("twice", "the same address is paid more than once")
    if params is not None:
        for script in scripts:
            if script not in own:
                yield from _about_recipient(ledger, script, params)


def _named(script: bytes, params: ChainParams | None, otherwise: str = "this") -> str:
    """The script's address; `otherwise` where there is none, or nothing to mistake it for (params None)."""
    address = None if params is None else address_from_script(script, params)
    return otherwise if address is None else f"the address {address.text}"


def _about_recipient(ledger: LedgerView, script: bytes, params: ChainParams) -> Iterator[PaymentWarning]:
    """Whether somebody's address is easily taken for another, or was replaced by its owner."""
    address = address_from_script(script, params)
    if address is None:
        return
    contacts = ledger.notes.contacts
    holders = list(owners(contacts, address.text))
    for contact, is_current in holders:
        if not is_current:
            text = f"{contact.name} has given you a newer address than {address.text}: {contact.address}"
            yield PaymentWarning("old_address", text)
    if holders:
        return  # the user knows whose it is
    known = [each.text for contact in contacts.values() for each in contact.addresses]
    scripts = (*ledger.known_scripts(), *ledger.keychain.scripts())
    alike = dict.fromkeys((*look_alikes(address.text, known, params), *similar_scripts(script, scripts, params)))
    for other in alike:
        text = f"the address {address.text} only looks like {other}, which this wallet knows: compare every character"
        yield PaymentWarning("look_alike", text)


def _about_coins(ledger: LedgerView, coins: Sequence[Coin]) -> Iterator[PaymentWarning]:
    if any(not coin.trusted for coin in coins):
        yield PaymentWarning("unconfirmed", "this spends a payment of others that is not confirmed yet")
    strewn = sum(ledger.is_dust_gift(coin.outpoint) for coin in coins)
    if strewn:
        what = "a tiny coin" if strewn == 1 else f"{strewn} tiny coins"
        text = f"this spends {what} from strangers, who may watch what is spent together: freeze them instead"
        yield PaymentWarning("dust_gift", text)


def about_labels(coins: Sequence[Coin], label_of: LabelOf) -> Iterator[PaymentWarning]:
    """Whether coins that the user calls differently are spent together."""
    labels = sorted({label for coin in coins if (label := label_of(coin))})
    if len(labels) > 1:
        named = ", ".join(f"\u201c{label}\u201d" for label in labels[:_LABELS_NAMED])
        more = f" and {len(labels) - _LABELS_NAMED} more" if len(labels) > _LABELS_NAMED else ""
        yield PaymentWarning("links_labels", f"this shows everybody that coins of {named}{more} have one owner")


def _about_addresses(there: Sequence[Coin], coins: Sequence[Coin]) -> Iterator[PaymentWarning]:
    """there: our coins on the addresses that are spent from."""
    spent = {coin.outpoint for coin in coins}
    if any(coin.spendable and coin.outpoint not in spent for coin in there):
        yield PaymentWarning("partial", "other coins of an address that this spends from stay behind")
