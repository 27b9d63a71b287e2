"""The cipher suite of the encrypted transport (BIP324): keys of a session, and packets in both directions.

No I/O and no randomness. The primitives are those of the `cryptography` package; here they are renewed every 224
packets ("Rekeying wrappers"), so that who seizes a key cannot read what was sent long before.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wallet.spv.transport import TransportError

REKEY_INTERVAL: Final = 224
LENGTH_SIZE: Final = 3
HEADER_SIZE: Final = 1
TAG_SIZE: Final = 16
TERMINATOR_SIZE: Final = 16
# What a packet takes beside its contents.
EXPANSION: Final = LENGTH_SIZE + HEADER_SIZE + TAG_SIZE
IGNORE: Final = 0x80
MAX_CONTENTS: Final = 2**24 - 1

_KEY_SIZE: Final = 32
_NONCE: Final = Struct("<IQ")
_REKEY_COUNTER: Final = 0xFFFFFFFF


class FSChaCha20:
    """The stream cipher of the lengths: 3 bytes a packet, and after 224 of them the next key."""

    def __init__(self, key: bytes) -> None:
        self._rekeyings = 0
        self._begin(key)

    def _begin(self, key: bytes) -> None:
        # A block counter of 0 and four zero bytes precede the number of rekeyings.
        nonce = bytes(8) + self._rekeyings.to_bytes(8, "little")
        stream = Cipher(ChaCha20(key, nonce), mode=None).encryptor()
        used = REKEY_INTERVAL * LENGTH_SIZE
        keystream = stream.update(bytes(used + _KEY_SIZE))
        self._masks = [int.from_bytes(keystream[at : at + LENGTH_SIZE], "little") for at in range(0, used, LENGTH_SIZE)]
        self._masks.reverse()
        self._next_key = keystream[used:]

    def crypt(self, number: int) -> int:
        """Encrypt or decrypt the next length, 24 bits."""
        mask = self._masks.pop()
        if not self._masks:
            self._rekeyings += 1
            self._begin(self._next_key)
        return number ^ mask


class FSChaCha20Poly1305:
    """The authenticated cipher of the contents; an instance serves one direction."""

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)
        self._packets = 0
        self._rekeyings = 0

    def encrypt(self, plaintext: bytes, associated: bytes = b"") -> bytes:
        """The ciphertext of the next packet, 16 bytes longer."""
        ciphertext = self._aead.encrypt(_NONCE.pack(self._packets, self._rekeyings), plaintext, associated)
        self._count()
        return ciphertext

    def decrypt(self, ciphertext: bytes | memoryview, associated: bytes = b"") -> bytes:
        """The plaintext of the next packet; TransportError when either was changed on its way."""
        try:
            plaintext = self._aead.decrypt(_NONCE.pack(self._packets, self._rekeyings), ciphertext, associated)
        except InvalidTag:
            raise TransportError("a packet that the peer did not encrypt so") from None
        self._count()
        return plaintext

    def _count(self) -> None:
        self._packets += 1
        if self._packets == REKEY_INTERVAL:
            renewal = self._aead.encrypt(_NONCE.pack(_REKEY_COUNTER, self._rekeyings), bytes(_KEY_SIZE), b"")
            self._aead = ChaCha20Poly1305(renewal[:_KEY_SIZE])
            self._packets = 0
            self._rekeyings += 1


@dataclass(frozen=True, slots=True)
class DirectionKeys:
    """What one side sends with: keys of 32 bytes and the 16 bytes that end its garbage."""

    length: bytes
    packet: bytes
    terminator: bytes


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """All that two peers derive from their shared secret (BIP324, "Keys and session ID derivation")."""

    session_id: bytes
    initiator: DirectionKeys
    responder: DirectionKeys

    @classmethod
    def derive(cls, shared_secret: bytes, magic: bytes) -> Self:
        """From the 32 bytes of the key exchange and the network's magic."""
        salt = b"bitcoin_v2_shared_secret" + magic

        def expand(info: bytes) -> bytes:
            return HKDF(algorithm=SHA256(), length=_KEY_SIZE, salt=salt, info=info).derive(shared_secret)

        terminators = expand(b"garbage_terminators")
        return cls(
            expand(b"session_id"),
            DirectionKeys(expand(b"initiator_L"), expand(b"initiator_P"), terminators[:TERMINATOR_SIZE]),
            DirectionKeys(expand(b"responder_L"), expand(b"responder_P"), terminators[TERMINATOR_SIZE:]),
        )


class PacketWriter:
    """Makes packets."""

    def __init__(self, keys: DirectionKeys) -> None:
        self._lengths = FSChaCha20(keys.length)
        self._packets = FSChaCha20Poly1305(keys.packet)

    def packet(self, contents: bytes, associated: bytes = b"", *, ignore: bool = False) -> bytes:
        """One packet: encrypted length, ciphertext, tag. `ignore` makes it a decoy."""
        if len(contents) > MAX_CONTENTS:
            raise TransportError(f"{len(contents)} bytes do not fit into a packet")
        header = bytes([IGNORE if ignore else 0])
        length = self._lengths.crypt(len(contents)).to_bytes(LENGTH_SIZE, "little")
        return length + self._packets.encrypt(header + contents, associated)


class PacketReader:
    """Opens packets: first the length, then, once, all that it announces."""

    def __init__(self, keys: DirectionKeys) -> None:
        self._lengths = FSChaCha20(keys.length)
        self._packets = FSChaCha20Poly1305(keys.packet)

    def length(self, encrypted: bytes | memoryview) -> int:
        """The length of the next packet's contents, from its first 3 bytes."""
        return self._lengths.crypt(int.from_bytes(encrypted, "little"))

    def open(self, ciphertext: bytes | memoryview, associated: bytes = b"") -> bytes:
        """The header byte and the contents of the packet whose length was read last. Raises TransportError."""
        return self._packets.decrypt(ciphertext, associated)
