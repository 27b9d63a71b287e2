"""The text of descriptors: the checksum, the characters allowed, and key expressions (BIP380, BIP389)."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.curve import CurveError, parse_public_key, parse_xonly_key
from wallet.bitcoin.hdkey import HARDENED, ExtendedPublicKey, KeyOrigin, format_step, parse_step
from wallet.bitcoin.network import ChainParams

MAX_LENGTH = 4096
"""More characters than any descriptor of a single key has."""

_CHARACTERS = "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
_POSITIONS = {character: position for position, character in enumerate(_CHARACTERS)}
_CHECKSUM_CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CHECKSUM_LENGTH = 8
_GENERATORS = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)

_EXTENDED_KEY = re.compile(r"[1-9A-HJ-NP-Za-km-z]{100,120}")
_EXTENDED_PRIVATE = re.compile(r"[a-zA-Z]prv")
_WIF = re.compile(r"[59KLc][1-9A-HJ-NP-Za-km-z]{50,51}")
_HEX = re.compile(r"[0-9a-fA-F]+")

Step: TypeAlias = int | tuple[int, ...]
"""One step of a path, or the alternatives of a multipath one (BIP389)."""


class DescriptorError(ValueError):
    """A text that is no descriptor, or one of a kind that this wallet does not handle; the message says why."""

    code = "bad_descriptor"


def _polymod(state: int, value: int) -> int:
    top = state >> 35
    state = (state & 0x7FFFFFFFF) << 5 ^ value
    for bit, generator in enumerate(_GENERATORS):
        if top >> bit & 1:
            state ^= generator
    return state


def checksum(text: str) -> str:
    """The 8 characters that belong behind the # of a descriptor; raises `DescriptorError` (BIP380, "Checksum")."""
    state, groups, count = 1, 0, 0
    for character in text:
        position = _POSITIONS.get(character)
        if position is None:
            raise DescriptorError(f"a descriptor has no {character!r}")
        state = _polymod(state, position & 31)
        groups = groups * 3 + (position >> 5)
        count += 1
        if count == 3:
            state, groups, count = _polymod(state, groups), 0, 0
    if count:
        state = _polymod(state, groups)
    for _ in range(_CHECKSUM_LENGTH):
        state = _polymod(state, 0)
    state ^= 1
    return "".join(_CHECKSUM_CHARACTERS[state >> 5 * place & 31] for place in reversed(range(_CHECKSUM_LENGTH)))


def add_checksum(text: str) -> str:
    """A descriptor without checksum, with it; raises `DescriptorError`."""
    return f"{text}#{checksum(text)}"


def strip_checksum(text: str) -> str:
    """A descriptor without its checksum, which must be right where there is one; raises `DescriptorError`."""
    if len(text) > MAX_LENGTH:
        raise DescriptorError(f"a descriptor of {len(text)} characters is too long")
    body, mark, given = text.partition("#")
    expected = checksum(body)
    if mark and len(given) != _CHECKSUM_LENGTH:
        raise DescriptorError(f"the checksum behind # has {_CHECKSUM_LENGTH} characters, not {len(given)}")
    if mark and given != expected:
        raise DescriptorError(
            f"the checksum is wrong: #{given} stands there, and #{expected} belongs to what is before it; part of the "
            "descriptor was changed or lost"
        )
    return body


@dataclass(frozen=True, slots=True)
class KeyExpression:
    """The key of a descriptor: an extended key with the steps behind it, or one key alone.

    Exactly one of `extended` and `single` is set; `single` has 33 bytes, or 32 (x-only, in tr alone).
    """

    origin: KeyOrigin | None
    extended: ExtendedPublicKey | None
    single: bytes
    steps: tuple[Step, ...]
    is_ranged: bool

    @property
    def alternatives(self) -> tuple[int, ...]:
        """The numbers of the multipath step, where there is one."""
        return next((step for step in self.steps if isinstance(step, tuple)), ())

    def choose(self, number: int) -> "KeyExpression":
        """The same key with the multipath step made the plain step `number`."""
        steps = tuple([number if isinstance(step, tuple) else step for step in self.steps])
        return KeyExpression(self.origin, self.extended, self.single, steps, self.is_ranged)

    def to_text(self, params: ChainParams) -> str:
        """As it stands in a descriptor."""
        origin = f"[{self.origin}]" if self.origin is not None else ""
        key = self.single.hex() if self.extended is None else self.extended.to_text(params)
        steps = [_format_step(step) for step in self.steps] + (["*"] if self.is_ranged else [])
        return "/".join([origin + key, *steps])


def _format_step(step: Step) -> str:
    if isinstance(step, int):
        return format_step(step)
    return f"<{';'.join(map(format_step, step))}>"


def read_key_expression(text: str, params: ChainParams, allow_xonly: bool) -> KeyExpression:
    """The key expression that a text is; raises `DescriptorError`. x-only keys are for tr alone."""
    try:
        origin, rest = _read_origin(text)
        key, *steps = rest.split("/")
        _refuse_private(key)
        if _EXTENDED_KEY.fullmatch(key) is None:
            if steps:
                raise DescriptorError("only an extended key (xpub) can have a path behind it")
            return KeyExpression(origin, None, _read_single_key(key, allow_xonly), (), False)
        extended = ExtendedPublicKey.parse_text(key, params)
        is_ranged = bool(steps) and steps[-1][:1] == "*"
        return KeyExpression(origin, extended, b"", _read_steps(steps), is_ranged)
    except (ParseError, CurveError) as error:
        raise DescriptorError(str(error)) from error


def _read_origin(text: str) -> tuple[KeyOrigin | None, str]:
    if not text.startswith("["):
        if "[" in text or "]" in text:
            raise DescriptorError("a key origin stands in brackets in front of the key, once")
        return None, text
    origin, bracket, rest = text[1:].partition("]")
    if not bracket or "[" in rest or "]" in rest:
        raise DescriptorError("a key origin stands in brackets in front of the key, once")
    return KeyOrigin.parse_text(origin), rest


def _refuse_private(key: str) -> None:
    if _EXTENDED_PRIVATE.match(key) or _WIF.fullmatch(key):
        raise DescriptorError("this descriptor holds a private key; descriptors with public keys are read here")


def _read_single_key(key: str, allow_xonly: bool) -> bytes:
    if _HEX.fullmatch(key) is None or len(key) % 2:
        raise DescriptorError("the key is neither an extended key (xpub) nor hex digits")
    raw = bytes.fromhex(key)
    if len(raw) == 65:
        raise DescriptorError("uncompressed public keys are not supported")
    if len(raw) == 32 and allow_xonly:
        return parse_xonly_key(raw)
    if len(raw) != 33:
        raise DescriptorError("a public key has 66 hex digits (64 in tr)")
    return parse_public_key(raw)


def _read_steps(texts: list[str]) -> tuple[Step, ...]:
    """The steps behind an extended key, the final * left out."""
    last = texts[-1] if texts else ""
    if last in {"*h", "*'"}:
        raise DescriptorError("hardened children (*h) of a public key cannot be derived")
    if last == "*":
        texts = texts[:-1]
    steps = tuple([_read_step(text) for text in texts])
    if sum(isinstance(step, tuple) for step in steps) > 1:
        raise DescriptorError("only one step of a path can have alternatives like <0;1>")
    numbers = [number for step in steps for number in (step if isinstance(step, tuple) else (step,))]
    if any(number >= HARDENED for number in numbers):
        raise DescriptorError("hardened steps behind a public key cannot be derived; they belong into the key origin")
    return steps


def _read_step(text: str) -> Step:
    if "<" not in text and ">" not in text:
        return parse_step(text)
    if not text.startswith("<") or not text.endswith(">") or text.count("<") + text.count(">") != 2:
        raise DescriptorError("alternatives of a step are written like <0;1>")
    numbers = tuple([parse_step(number) for number in text[1:-1].split(";")])
    if len(numbers) < 2:
        raise DescriptorError("alternatives of a step are at least two, like <0;1>")
    if len(set(numbers)) != len(numbers):
        raise DescriptorError("the alternatives of a step must differ")
    return numbers
