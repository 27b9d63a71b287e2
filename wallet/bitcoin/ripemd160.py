"""RIPEMD-160 in plain Python, for machines whose OpenSSL leaves it out (early releases of OpenSSL 3).

From the algorithm's publication (Dobbertin, Bosselaers, Preneel, 1996). Slow, and not on secret data in this wallet.
"""

from collections.abc import Callable

_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
_MASK = 0xFFFFFFFF

_ROUNDS: tuple[Callable[[int, int, int], int], ...] = (
    lambda x, y, z: x ^ y ^ z,
    lambda x, y, z: (x & y) | (~x & z),
    lambda x, y, z: (x | ~y) ^ z,
    lambda x, y, z: (x & z) | (y & ~z),
    lambda x, y, z: x ^ (y | ~z),
)

# One hexadecimal digit a step, sixteen steps a round: which word of the block, and how far to rotate.
_LEFT_WORDS = "0123456789abcdef 74d1a6f3c0952eb8 3ae49f812706db5c 19ba08c4d37fe562 40597c2ae138b6fd"
_LEFT_TURNS = "befc5879bdef6798 768db97f7cf9b7dc bd67e9dfe8d65c75 bcefef989e56865c 9f5b68dc5cdeb856"
_RIGHT_WORDS = "5e7092b4d6f81a3c 6b370d5aef8c4912 f5137e69b8c2a04d 86413bf05c2d97ae cfa4158762de039b"
_RIGHT_TURNS = "899bdff5778beec6 9df7c89b77c76fdb 97fb866ecd5edd75 f58bee6e69c9c5f8 85c9c5e68d65fdbb"
_LEFT_CONSTANTS = (0, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E)
_RIGHT_CONSTANTS = (0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0)


def _line(words: str, turns: str, constants: tuple[int, ...], state: list[int], block: list[int]) -> list[int]:
    """One of the two lines of five rounds; the right one runs the round functions backwards."""
    functions = _ROUNDS if words is _LEFT_WORDS else _ROUNDS[::-1]
    a, b, c, d, e = state
    rounds = zip(words.split(), turns.split(), constants, functions, strict=True)
    for round_words, round_turns, constant, function in rounds:
        for word, turn in zip(round_words, round_turns, strict=True):
            mixed = (a + function(b, c, d) + block[int(word, 16)] + constant) & _MASK
            a, e, d, c, b = e, d, _rotate(c, 10), b, (_rotate(mixed, int(turn, 16)) + e) & _MASK
    return [a, b, c, d, e]


def _rotate(value: int, count: int) -> int:
    return (value << count | value >> (32 - count)) & _MASK


def ripemd160(data: bytes) -> bytes:
    """RIPEMD-160, 20 bytes."""
    padding = b"\x80" + bytes(-(len(data) + 9) % 64)
    padded = data + padding + (8 * len(data)).to_bytes(8, "little")
    state = list(_START)
    for start in range(0, len(padded), 64):
        block = [int.from_bytes(padded[place : place + 4], "little") for place in range(start, start + 64, 4)]
        left = _line(_LEFT_WORDS, _LEFT_TURNS, _LEFT_CONSTANTS, state, block)
        right = _line(_RIGHT_WORDS, _RIGHT_TURNS, _RIGHT_CONSTANTS, state, block)
        state = [(state[(n + 1) % 5] + left[(n + 2) % 5] + right[(n + 3) % 5]) & _MASK for n in range(5)]
    return b"".join(word.to_bytes(4, "little") for word in state)
