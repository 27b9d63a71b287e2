"""The messages of the peer-to-peer protocol: all payload classes, and the one way from bytes to them.

Every payload class names its `command` and the `maximum` length of its payload in bytes; the transport looks at that
length before it allocates anything. `parse` raises ParseError for anything but one whole, canonical payload.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, get_args

from wallet.bitcoin.codec import ParseError
from wallet.spv.message_address import Addr, AddrV2, NetworkAddress, PeerAddress
from wallet.spv.message_bloom import FilterAdd, FilterClear, FilterLoad, MemPool
from wallet.spv.message_chain import (
    MAX_HEADERS,
    MAX_INV,
    MAX_MESSAGE,
    BlockMessage,
    GetData,
    GetHeaders,
    Headers,
    Inv,
    InvItem,
    InvType,
    MerkleBlock,
    NotFound,
    Tx,
)
from wallet.spv.message_control import (
    FeeFilter,
    GetAddr,
    Ping,
    Pong,
    SendAddrV2,
    SendCmpct,
    SendHeaders,
    Services,
    Verack,
    Version,
    WtxidRelay,
)
from wallet.spv.message_filter import (
    BASIC_FILTER,
    MAX_CFHEADERS,
    MAX_CFILTERS,
    CFCheckpt,
    CFHeaders,
    CFilter,
    GetCFCheckpt,
    GetCFHeaders,
    GetCFilters,
)

__all__ = [
    "BASIC_FILTER",
    "COMMANDS",
    "MAX_CFHEADERS",
    "MAX_CFILTERS",
    "MAX_HEADERS",
    "MAX_INV",
    "MAX_MESSAGE",
    "MAX_UNKNOWN",
    "Addr",
    "AddrV2",
    "BlockMessage",
    "CFCheckpt",
    "CFHeaders",
    "CFilter",
    "FeeFilter",
    "FilterAdd",
    "FilterClear",
    "FilterLoad",
    "GetAddr",
    "GetCFCheckpt",
    "GetCFHeaders",
    "GetCFilters",
    "GetData",
    "GetHeaders",
    "Headers",
    "Inv",
    "InvItem",
    "InvType",
    "MemPool",
    "MerkleBlock",
    "Message",
    "NetworkAddress",
    "NotFound",
    "PeerAddress",
    "Ping",
    "Pong",
    "SendAddrV2",
    "SendCmpct",
    "SendHeaders",
    "Services",
    "Tx",
    "Unknown",
    "Verack",
    "Version",
    "WtxidRelay",
    "parse_payload",
]

MAX_UNKNOWN: Final = 1_000_000
"""Wren asks for no message that it does not know, so none has a reason to be long."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a later protocol, or of an extension that Wren did not ask for; its content is dropped."""

    command: str

    def serialize(self) -> bytes:
        return b""


Control: TypeAlias = (
    Version | Verack | SendHeaders | SendAddrV2 | WtxidRelay | GetAddr | Ping | Pong | FeeFilter | SendCmpct
)
Chain: TypeAlias = GetHeaders | Headers | Inv | GetData | NotFound | Tx | BlockMessage | MerkleBlock
Filters: TypeAlias = GetCFilters | CFilter | GetCFHeaders | CFHeaders | GetCFCheckpt | CFCheckpt
Bloom: TypeAlias = FilterLoad | FilterAdd | FilterClear | MemPool
Known: TypeAlias = Control | Chain | Filters | Bloom | Addr | AddrV2
Message: TypeAlias = Known | Unknown

COMMANDS: Final[Mapping[str, type[Known]]] = MappingProxyType({kind.command: kind for kind in get_args(Known)})


def parse_payload(command: str, payload: bytes) -> Message:
    """The message of a command and its payload; a command that is not known gives Unknown. Raises ParseError."""
    kind = COMMANDS.get(command)
    if kind is None:
        return Unknown(command)
    if len(payload) > kind.maximum:
        raise ParseError(f"{command}: {len(payload)} bytes are more than {kind.maximum}")
    return kind.parse(payload)
