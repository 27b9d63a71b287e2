"""When peers differ about a block's filter, the block judges.

A filter must hold every output script of its block, and every script that the block spends. Of the latter a wallet
knows few; most of the rest show in what spends them. A filter without one of those counts as a lie only where another
filter of the same block has it: so an input made to look like what it is not cannot condemn honest peers alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wallet.bitcoin.block import Block
from wallet.bitcoin.blockfilter import (
    build_filter,
    decode,
    filter_elements,
    filter_hash,
    hash_to_range,
    match_any,
    split_filter,
)
from wallet.bitcoin.codec import ParseError, compact_size
from wallet.bitcoin.curve import CurveError, taproot_output_key
from wallet.bitcoin.hashes import FilterHash, hash160, sha256, tagged_hash
from wallet.bitcoin.script import p2pkh, p2sh, p2tr, p2wpkh, p2wsh
from wallet.bitcoin.transaction import TxIn

KnownScript = Callable[[bytes], bytes | None]
"""The script of an outpoint (36 serialized bytes), where it is known."""

_ANNEX = 0x50
_DER = 0x30


@dataclass(frozen=True, slots=True)
class Verdict:
    """Filters that are proven wrong, by hash, and why; and the one that is proven right. The others stay possible."""

    wrong: Mapping[FilterHash, str]
    proven: FilterHash | None = None


def judge(block: Block, filters: Mapping[FilterHash, bytes], known_script: KnownScript) -> Verdict:
    """Hold different filters of one block against it. The block must have been checked against its header."""
    outputs = filter_elements(block.all_scripts, [])
    wrong: dict[FilterHash, str] = {}
    known = _known_spent(block, known_script)
    unknown = len(block.all_spent) - 1 - len(known)
    if not unknown:
        true = filter_hash(build_filter(block.hash, filter_elements(outputs, known.values())))
        wrong = {each: "is not the block's filter" for each in filters if each != true}
        return Verdict(wrong, true if true in filters else None)
    needed = outputs | {script for script in known.values() if script}
    for each, raw in filters.items():
        fault = _fault(raw, block, needed, unknown)
        if fault:
            wrong[each] = fault
    left = {each: raw for each, raw in filters.items() if each not in wrong}
    for spent in _derived(block, known):
        if len(left) < 2:
            break
        holding = {each for each, raw in left.items() if match_any(raw, block.hash, spent)}
        if holding:
            wrong |= {each: "omits a script that is spent" for each in left if each not in holding}
            left = {each: raw for each, raw in left.items() if each in holding}
    return Verdict(wrong)


def _fault(raw: bytes, block: Block, needed: set[bytes], unknown: int) -> str | None:
    try:
        count, values = split_filter(raw)[0], set(decode(raw))
    except ParseError as error:
        return str(error)
    if count > len(needed) + unknown:
        return "holds more than the block has"
    if any(value not in values for value in hash_to_range(block.hash, needed, count)):
        return "omits a script of the block"
    return None


def _known_spent(block: Block, known_script: KnownScript) -> dict[bytes, bytes]:
    """Scripts by outpoint: those of outputs that the block itself makes, and those that the caller knows."""
    made: dict[bytes, bytes] = {}
    for position, txid in enumerate(block.txid_bytes):
        for index, script in enumerate(block.scripts(position)):
            made[txid + index.to_bytes(4, "little")] = script
    found = {}
    for outpoint in block.all_spent[1:]:
        known = made[outpoint] if outpoint in made else known_script(outpoint)
        if known is not None:
            found[outpoint] = known
    return found


def _derived(block: Block, known: Mapping[bytes, bytes]) -> list[tuple[bytes, ...]]:
    """For each input whose script is not known but shows: the scripts that it can have spent."""
    found = []
    for position in range(1, len(block)):
        if all(outpoint in known for outpoint in block.spent(position)):
            continue
        for outpoint, spender in zip(block.spent(position), _inputs(block, position), strict=False):
            scripts = () if outpoint in known else spent_scripts(spender)
            if scripts:
                found.append(scripts)
    return found


def _inputs(block: Block, position: int) -> tuple[TxIn, ...]:
    """Empty where the transaction breaks a rule: what work stands behind such a block is not for the judge to say."""
    try:
        return block.transaction(position).inputs
    except ParseError:
        return ()


def spent_scripts(spender: TxIn) -> tuple[bytes, ...]:
    """The scripts that an input can have spent, judged by its form; empty where it does not show."""
    if spender.script_sig:
        return _from_script_sig(spender)
    if not spender.witness:
        return ()
    return _from_witness(spender.witness)


def _from_script_sig(spender: TxIn) -> tuple[bytes, ...]:
    pushed = _pushes(spender.script_sig)
    if not pushed or not pushed[-1] or pushed[-1][0] == _DER:
        return ()  # a signature comes last: the spent script names the key (p2pk, bare multisig)
    found = [p2sh(hash160(pushed[-1]))]
    if len(pushed) == 2 and not spender.witness and _is_key(pushed[-1]):
        found.append(p2pkh(hash160(pushed[-1])))
    return tuple(found)


def _from_witness(witness: tuple[bytes, ...]) -> tuple[bytes, ...]:
    last = witness[-1]
    if not last or last[0] == _ANNEX or (len(witness) == 1 and len(last) in (64, 65)):
        return ()  # taproot's key path, which shows nothing
    found = [p2wsh(sha256(last))]
    if len(witness) == 2 and len(last) == 33 and _is_key(last):
        found.append(p2wpkh(hash160(last)))
    if len(witness) >= 2 and len(last) % 32 == 1 and len(last) >= 33:
        found += _taproot_script_path(witness[-2], last)
    return tuple(found)


def _taproot_script_path(script: bytes, control: bytes) -> list[bytes]:
    """The output that a leaf and its control block lead to (BIP341, "Script validation rules")."""
    node = tagged_hash("TapLeaf", bytes([control[0] & 0xFE]) + compact_size(len(script)) + script)
    for at in range(33, len(control), 32):
        node = tagged_hash("TapBranch", b"".join(sorted((node, control[at : at + 32]))))
    try:
        return [p2tr(taproot_output_key(control[1:33], node)[0])]
    except CurveError:
        return []


def _is_key(data: bytes) -> bool:
    return (len(data) == 33 and data[0] in (2, 3)) or (len(data) == 65 and data[0] == 4)


def _pushes(script: bytes) -> list[bytes] | None:
    """What a script pushes; None when it does anything else."""
    found, at = [], 0
    while at < len(script):
        code = script[at]
        at += 1
        if code > 0x60 or code == 0x50:
            return None
        width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(code, 0)
        size = int.from_bytes(script[at : at + width], "little") if width else (code if code < 0x4C else 0)
        at += width
        if at + size > len(script):
            return None
        found.append(script[at : at + size])
        at += size
    return found
