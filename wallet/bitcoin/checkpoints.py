"""Points of the chains that are known beforehand: block hashes, chain work, filter headers and header times.

The block hashes bind: a chain that differs at such a height is not the network's. Sources: the reference
implementation's assumevalid and assumeutxo blocks and two light clients' anchors; the filter headers are those that two
established light clients ship, which agree wherever both have one. Mainnet's header checkpoints are a resource file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import BlockHash, FilterHeader

_PERIOD = 2016
_HEADING = "height,hash,next_bits,chainwork,next_time"
_ROW = re.compile(r"([0-9]{1,9}),([0-9a-f]{64}),([0-9a-f]{8}),([0-9a-f]{1,64}),([0-9]{1,10})?")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A block that is known to be on the chain.

    `next_bits` is the compact target of the block above it, `chain_work` the work up to and including it, `next_time`
    the header time of the block above it where known. On the test networks only the hash is known: `next_bits` is None
    and `chain_work` 0, so that the hash binds but no chain can start from there.
    """

    height: int
    block_hash: BlockHash
    next_bits: int | None = None
    chain_work: int = 0
    next_time: int | None = None


@dataclass(frozen=True, slots=True)
class FilterPin:
    """The filter header of a height (BIP157, basic filter)."""

    height: int
    filter_header: FilterHeader


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """All that is known beforehand of one network, heights ascending."""

    headers: tuple[Checkpoint, ...] = ()
    filters: tuple[FilterPin, ...] = ()


EMPTY_CHECKPOINTS = Checkpoints()


def parse_checkpoints(csv_text: str) -> tuple[Checkpoint, ...]:
    """Header checkpoints from a table of height,hash,next_bits,chainwork,next_time; raises `ParseError`.

    Each height is the last of a retarget period; hashes are in display order, bits and work hexadecimal, the time is
    unix seconds or blank. Lines that begin with "#" are comments. Heights and work must ascend.
    """
    lines = [line for line in csv_text.splitlines() if line and not line.startswith("#")]
    if not lines or lines[0] != _HEADING:
        raise ParseError(f"a table of checkpoints begins with {_HEADING}")
    rows = tuple(_parse_row(line) for line in lines[1:])
    for below, above in pairwise(rows):
        if above.height <= below.height or above.chain_work <= below.chain_work:
            raise ParseError(f"the checkpoint at {above.height} does not ascend")
    return rows


def _parse_row(line: str) -> Checkpoint:
    match = _ROW.fullmatch(line)
    if match is None:
        raise ParseError(f"no checkpoint: {line[:40]!r}")
    height = int(match[1])
    if (height + 1) % _PERIOD:
        raise ParseError(f"{height} is not the last height of a period")
    next_time = int(match[5]) if match[5] else None
    return Checkpoint(height, BlockHash.from_hex(match[2]), int(match[3], 16), int(match[4], 16), next_time)


def checkpoints_for(network: str, csv_text: str = "") -> Checkpoints:
    """What is known of a network by name; `csv_text` is its table of header checkpoints (mainnet has one)."""
    headers = parse_checkpoints(csv_text) if csv_text else _HEADERS.get(network, ())
    return Checkpoints(headers, _FILTERS.get(network, ()))


def _anchor(height: int, block_hash: str) -> Checkpoint:
    return Checkpoint(height, BlockHash.from_hex(block_hash))


def _pin(height: int, filter_header: str) -> FilterPin:
    return FilterPin(height, FilterHeader.from_hex(filter_header))


_HEADERS: Mapping[str, tuple[Checkpoint, ...]] = {
    "testnet4": (
        _anchor(90_000, "0000000002ebe8bcda020e0dd6ccfbdfac531d2f6a81457191b99fc2df2dbe3b"),
        _anchor(120_000, "000000000bd2317e51b3c5794981c35ba894ce27d3e772d5c39ecd9cbce01dc8"),
        _anchor(123_613, "0000000002368b1e4ee27e2e85676ae6f9f9e69579b29093e9a82c170bf7cf8a"),
        _anchor(139_103, "000000000001fa52cf7346a418640560743e051f8096a21ca452f3569bfe4f9e"),
    ),
    "testnet3": (
        _anchor(2_500_000, "0000000000000093bcb68c03a9a168ae252572d348a2eaeba2cdf9231d73206f"),
        _anchor(4_840_000, "00000000000000f4971a7fb37fbdff89315b69a2e1920c467654a382f0d64786"),
        _anchor(4_842_348, "000000007a61e4230b28ac5cb6b5e5a0130de37ac1faf2f8987d2fa6505b67f4"),
        _anchor(5_011_775, "000000000000041b511bf0b926371d5045f70bbc30d36b66f1c84ed30d765886"),
    ),
    "signet": (
        _anchor(160_000, "0000003ca3c99aff040f2563c2ad8f8ec88bd0fd6b8f0895cfaf1ef90353a62c"),
        _anchor(290_000, "0000000577f2741bb30cd9d39d6d71b023afbeb9764f6260786a97969d5c9ac0"),
        _anchor(293_175, "00000008414aab61092ef93f1aacc54cf9e9f16af29ddad493b908a01ff5c329"),
        _anchor(296_870, "000000068d38e9cfa53268a08b32dab55118a58e5212729b016ee3c9c66387a6"),
        _anchor(308_447, "0000000fce481bd689af96794ea36ad8e80bc4635f068104aeff53bc17326ecf"),
    ),
}

_FILTERS: Mapping[str, tuple[FilterPin, ...]] = {
    "main": (
        _pin(100_000, "f28cbc1ab369eb01b7b5fe8bf59763abb73a31471fe404a26a06be4153aa7fa5"),
        _pin(200_000, "e5031471732f4fbfe7a25f6a03acc1413300d5c56ae8e06b95046b8e4c0f32b3"),
        _pin(300_000, "1bd50220fcdde929ca3143c91d2dd9a9bfedb38c452ba98dbb51e719bff8aa5b"),
        _pin(400_000, "5d973ab1f1c569c70deec1c1a8fb2e317a260f1656edb3b262c65f78ef192e3a"),
        _pin(481_824, "8950b517b9246048f9fd27adeda6802e5b6d08bc7a94f628619c2d4dc4bb4d67"),
        _pin(500_000, "5d16ca293c9bdc0a9bc279b63f99fb661be38b095a59a44200a807caaa631a3c"),
        _pin(550_000, "594610c31fc6bd749d4c3b8d013f805ceea5b3c3ea4528f15f92038cda23c08b"),
        _pin(600_000, "bde0854d0b2f4386a860462547140e0c6817f5b4b2ab515ef70e204e377598f8"),
        _pin(650_000, "7f302e88b0ae8598ade5773303b91d7d93bac88bccbf70c2c858972fb28d744d"),
        _pin(660_000, "08312375fabc082b17fa8ee88443feb350c19a34bb7483f94f7478fa4ad33032"),
        _pin(700_000, "de6674428d21ebe39fcb97071ded72fff2158ba59c06bab12ee99dec1e3b5542"),
        _pin(750_000, "457f9365c4d98a5cd60a7591e3dcaf40ad4cc89a053b9a50850d71481edb4d14"),
        _pin(800_000, "c1da53f9b2d36779e58a21dcf5cde5406fff746fbaf2566211b32ae2ee643def"),
        _pin(830_000, "cbf1486c05a49194885decc340c65dcb1544a1c5ee7bb4080ed1cde2f1a832e5"),
        _pin(840_000, "daa02bcedf7574eb64427d8ec8806293b235bedd4585a9b445eca7df2b0087d6"),
        _pin(850_000, "689d30a16371a0e6a4ad59a5cbc3c36c532c94c1ed7c472330568850e2535b57"),
        _pin(860_000, "c05dd289c01558dd54b96ec1c75e674d5a7b21635f5cac3bd221732fd43f4cc6"),
        _pin(870_000, "62b5b7ca0e0d897d206efb8c83dc37672c6a51c09924ffe56feefe5a5dd75759"),
        _pin(880_000, "2f3efaeef1a1280e8aa0ab4026861a5fe0414a20447e81e823a21d8d77d905d4"),
        _pin(890_000, "0d1f4775c19f9be19c4d81429f0396bc510e841f5ef8653c9cb9900d1d85af29"),
        _pin(900_000, "8627fbbd8fb0acbcaac7f7360ee2d9e7ef033350d1b509d4d49b4b6d3a69f447"),
        _pin(910_000, "da4739c18a678baf86f1318d4d7820425a4964fe7f25a96d42a146dcc98e3870"),
        _pin(920_000, "2f33608e443ed7f1a849bc70bca21b68974b16769682ff3cc2ff413d2c6030f8"),
        _pin(930_000, "8c0eb22b34748ba731062fb3bee7fa56d0b0352d3f9fc234a111cd0c8a78d1a6"),
        _pin(940_000, "13354f38f4ec14b6f7f35c2d29a48a5b4311a27a9bc048502e3fbd12bd982f4f"),
        _pin(950_000, "a8802c59c7313f4c261064448d81247ab167d6168246f4baa24e07f14a38a30c"),
    ),
    "testnet4": (
        _pin(10_000, "5bf92ba99cc9e4971e705ab3c4a2a78ef0ea40986ab20f2c06ebfe7751e3fbb8"),
        _pin(50_000, "66592214f388e315256e5c6362750b858d580dec269500ecca7a4fbb8042b8e3"),
    ),
    "testnet3": (
        _pin(100_000, "97c0633f14625627fcd133250ad8cc525937e776b5f3fd272b06d02c58b65a1c"),
        _pin(200_000, "51aa817e5abe3acdcf103616b1a5736caf84bc3773a7286e9081108ecc38cc87"),
        _pin(400_000, "4aab9b3d4312cd85cfcd48a08b36c4402bfdc1e8395dcf4236c3029dfa837c48"),
        _pin(600_000, "713d9c9198e2dba0739e85aab6875cb951c36297b95a2d51131aa6919753b55d"),
        _pin(800_000, "0dafdff27269a70293c120b14b1f5e9a72a5e8688098cfc6140b9d64f8325b99"),
        _pin(1_000_000, "c2043fa2f6eb5f8f8d2c5584f743187f36302ed86b62c302e31155f378da9c5f"),
        _pin(1_400_000, "f9ae1750483d4c8ce82512616b1ded932886af46decb8d3e575907930542d9b3"),
        _pin(1_500_000, "dc0cfa13daf09df9b8dbe7532f75ebdb4255860b295016b2ca4b789394bc5090"),
        _pin(1_800_000, "67083b2d5dfc9ca1415bffa14e43a5bbe595e2e8b7ffbcc7a4ea78fa069a9c8d"),
        _pin(1_900_000, "96a31467f9edcaa3297770bc6cdf66926d5d17dfad70cb0cac285bfe9075c494"),
    ),
}

MAINNET_TIMES: Mapping[int, int] = MappingProxyType(
    {
        880_000: 1737337343,
        890_000: 1743269341,
        900_000: 1749188499,
        910_000: 1755163555,
        920_000: 1760995477,
        930_000: 1767006884,
        940_000: 1773063620,
    }
)
"""Header times (unix seconds) by height, to turn a birthday into a height above where the checkpoints know the time."""
