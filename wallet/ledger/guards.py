"""Addresses that are easily taken for one another, and money that strangers strew: what to notice before paying.

Whoever poisons a history makes an address whose first and last characters are those of one that the user knows, and
sends a little from it or to it, hoping that it will be copied (SECURITY.md U7, P14).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.amount import Sats
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.network import ChainParams
from wallet.ledger.book import Book
from wallet.ledger.record import TransactionRecord

SAME_ENDS: Final = 3
"""Characters behind the prefix, and as many at the end: people compare about that much."""
_ALIKE: Final = (
    (b"\x00\x14", b"\x00\x20"),  # p2wpkh, p2wsh
    (b"\x51\x20",),  # p2tr
    (b"\x76\xa9\x14",),  # p2pkh
    (b"\xa9\x14",),  # p2sh
)
"""How the scripts begin whose addresses have one prefix; two bytes of what is in them follow."""
DUST_GIFT: Final = 1_000
"""Satoshis: less than this, unasked for, on an address that was used before, is no payment."""


def look_alikes(text: str, known: Iterable[str], params: ChainParams) -> Iterator[str]:
    """The known addresses with the same ends as `text` and another middle."""
    ends = _ends(text, params)
    return (other for other in known if other != text and _ends(other, params) == ends)


def similar_scripts(script: bytes, known: Iterable[bytes], params: ChainParams) -> Iterator[str]:
    """The addresses of the known scripts that look like the script's.

    Most are put aside by a few bytes: addresses that begin alike have contents that are close as numbers.
    """
    own = address_from_script(script, params)
    heads = _heads(script)
    if own is None or not heads:
        return
    for other in [each for each in known if each.startswith(heads)]:
        address = address_from_script(other, params)
        if address is not None and other != script and _ends(address.text, params) == _ends(own.text, params):
            yield address.text


def _heads(script: bytes) -> tuple[bytes, ...]:
    """How scripts begin whose addresses may begin like this one's."""
    kinds = next((alike for alike in _ALIKE if script.startswith(alike)), ())
    kind = next((each for each in kinds if script.startswith(each)), None)
    if kind is None:
        return ()
    number = int.from_bytes(script[len(kind) : len(kind) + 2], "big")
    near = (each.to_bytes(2, "big") for each in range(max(0, number - 1), min(0xFFFF, number + 1) + 1))
    return tuple(one + two for two in near for one in kinds)


def _ends(text: str, params: ChainParams) -> tuple[str, str]:
    prefix = len(params.hrp) + 2 if text.startswith(params.hrp + "1") else 1
    return text[: prefix + SAME_ENDS], text[-SAME_ENDS:]


def is_dust_gift(book: Book, record: TransactionRecord, amount: Sats, script: bytes) -> bool:
    """Whether an output looks strewn: tiny, from strangers, on an address that somebody had paid before."""
    if amount >= DUST_GIFT or record.local or any(outpoint in book.own for outpoint in record.inputs):
        return False
    others = {Txid(outpoint[:32]) for outpoint in book.paying(script)} - {record.txid}
    return any(_came_before(book.records[other], record) for other in others)


def _came_before(other: TransactionRecord, record: TransactionRecord) -> bool:
    return (other.time, other.txid) < (record.time, record.txid)
