"""SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"), as BIP158 uses it."""

_MASK = (1 << 64) - 1


def siphash(key: bytes, data: bytes) -> int:
    """The 64-bit SipHash-2-4 of `data` under a key of 16 bytes."""
    if len(key) != 16:
        raise ValueError(f"a SipHash key has 16 bytes, not {len(key)}")
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)
    full = len(data) & ~7
    for at in range(0, full, 8):
        state = _absorb(state, int.from_bytes(data[at : at + 8], "little"))
    state = _absorb(state, (len(data) & 0xFF) << 56 | int.from_bytes(data[full:], "little"))
    v0, v1, v2, v3 = _round(_round(_round(_round((state[0], state[1], state[2] ^ 0xFF, state[3])))))
    return v0 ^ v1 ^ v2 ^ v3


_State = tuple[int, int, int, int]


def _absorb(state: _State, word: int) -> _State:
    v0, v1, v2, v3 = _round(_round((state[0], state[1], state[2], state[3] ^ word)))
    return v0 ^ word, v1, v2, v3


def _round(state: _State) -> _State:
    v0, v1, v2, v3 = state
    v0 = (v0 + v1) & _MASK
    v1 = (v1 << 13 & _MASK | v1 >> 51) ^ v0
    v0 = v0 << 32 & _MASK | v0 >> 32
    v2 = (v2 + v3) & _MASK
    v3 = (v3 << 16 & _MASK | v3 >> 48) ^ v2
    v0 = (v0 + v3) & _MASK
    v3 = (v3 << 21 & _MASK | v3 >> 43) ^ v0
    v2 = (v2 + v1) & _MASK
    v1 = (v1 << 17 & _MASK | v1 >> 47) ^ v2
    v2 = v2 << 32 & _MASK | v2 >> 32
    return v0, v1, v2, v3
