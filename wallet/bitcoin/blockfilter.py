"""Compact block filters of the basic type (BIP158): building, reading and matching, in plain Python.

`wallet.engine.kernels` matches many filters at once and is tested to agree with this module. A filter's length and its
count bind each other closely: what does not fit is refused before anything is decoded.
"""

from collections.abc import Collection, Iterable

from wallet.bitcoin.codec import ParseError, Reader, compact_size
from wallet.bitcoin.hashes import FilterHash, FilterHeader, sha256d
from wallet.bitcoin.siphash import siphash

P = 19
"""Bits of a remainder in the Golomb-Rice code."""
M = 784931
"""One in so many of the scripts that are not in a block matches its filter."""
MAX_ELEMENTS = 100_000
"""More cannot be: an output with a script takes ten bytes of a block's million without witnesses, an input 41."""
OP_RETURN = 0x6A


def filter_elements(output_scripts: Iterable[bytes], spent_scripts: Iterable[bytes]) -> set[bytes]:
    """What a block's filter holds: the scripts it pays, but for OP_RETURN, and those it spends; no empty ones."""
    elements = {script for script in output_scripts if script and script[0] != OP_RETURN}
    elements.update(script for script in spent_scripts if script)
    return elements


def build_filter(block_hash: bytes, elements: Collection[bytes]) -> bytes:
    """The serialized filter over `elements`, under the key that the block's hash (wire order) gives."""
    distinct = set(elements)
    bits: list[str] = []
    last = 0
    for value in sorted(hash_to_range(block_hash, distinct, len(distinct))):
        delta = value - last
        last = value
        bits.append("1" * (delta >> P) + f"0{delta & (1 << P) - 1:0{P}b}")
    stream = "".join(bits)
    stream += "0" * (-len(stream) % 8)
    return compact_size(len(distinct)) + (int(stream, 2).to_bytes(len(stream) // 8, "big") if stream else b"")


def hash_to_range(block_hash: bytes, scripts: Iterable[bytes], count: int) -> list[int]:
    """What `scripts` become in the filter, of `count` elements, of a block (its hash in wire order)."""
    key, span = block_hash[:16], count * M
    return [siphash(key, script) * span >> 64 for script in scripts]


def split_filter(raw: bytes) -> tuple[int, int]:
    """The count of elements, and where their code starts.

    ParseError unless the length of the code is one that so many elements can have: 20 bits at least for each, and not
    more ones in all than the greatest value has, shifted by P.
    """
    reader = Reader(raw)
    count = reader.compact_size(MAX_ELEMENTS)
    bits = 8 * reader.remaining
    spare = bits - (P + 1) * count
    if not 0 <= spare <= (max(count * M - 1, 0) >> P) + 7:
        raise ParseError(f"filter of {count} elements in {reader.remaining} bytes")
    return count, reader.position


def decode(raw: bytes) -> list[int]:
    """The values that a serialized filter holds, ascending; ParseError when it is not one.

    Work is bounded by the length: one step for each element, of which `split_filter` allows as many as can be.
    """
    count, start = split_filter(raw)
    bits = bin(int.from_bytes(b"\x01" + raw[start:], "big"))[3:]
    values: list[int] = []
    value = at = 0
    try:
        for _ in range(count):
            stop = bits.index("0", at) + 1
            value += (stop - 1 - at << P) + int(bits[stop : stop + P], 2)
            at = stop + P
            values.append(value)
    except ValueError:
        raise ParseError("filter ends inside an element") from None
    if at > len(bits) or "1" in bits[at:] or len(bits) - at > 7 or value >= max(count * M, 1):
        raise ParseError("filter's last element, or what follows it, is not possible")
    return values


def match_any(raw: bytes, block_hash: bytes, scripts: Iterable[bytes]) -> bool:
    """Whether the filter of this block (hash in wire order) holds one of `scripts`; ParseError when it is no filter.

    An empty script is never held.
    """
    values = set(decode(raw))
    wanted = (script for script in scripts if script)
    return any(value in values for value in hash_to_range(block_hash, wanted, split_filter(raw)[0]))


def filter_hash(raw: bytes) -> FilterHash:
    """The hash of a serialized filter (BIP157)."""
    return FilterHash(sha256d(raw))


def next_filter_header(hash_of_filter: bytes, previous: bytes) -> FilterHeader:
    """The filter header above `previous`, for the filter with this hash (BIP157)."""
    return FilterHeader(sha256d(hash_of_filter + previous))
