"""The five networks and what sets them apart.

The figures are those of the reference implementation (`kernel/chainparams.cpp`, August 2026); the genesis headers are
composed from their fields here, and their hashes and filter headers were recomputed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS, Checkpoint, Checkpoints, FilterPin, checkpoints_for
from wallet.bitcoin.codec import ParseError, i32, u32
from wallet.bitcoin.hashes import ZERO, BlockHash, FilterHeader, MerkleRoot

__all__ = [
    "EMPTY_CHECKPOINTS",
    "MAINNET",
    "NETWORKS",
    "REGTEST",
    "SIGNET",
    "TESTNET3",
    "TESTNET4",
    "ChainParams",
    "Checkpoint",
    "Checkpoints",
    "FilterPin",
    "checkpoints_for",
    "parse_fixed_seeds",
]


@dataclass(frozen=True, slots=True)
class ChainParams:
    """A network: how its peers speak, how its addresses look and which rules its headers follow.

    `version_heights` are the heights from which a header's version must be at least 2, 3 and 4 (BIP34, BIP66, BIP65).
    `min_difficulty_blocks` is the test networks' 20-minute rule, `bip94` their timewarp rule.
    """

    name: str
    title: str
    magic: bytes
    port: int
    genesis_header: bytes
    genesis_hash: BlockHash
    genesis_filter_header: FilterHeader
    pow_limit: int
    pow_limit_bits: int
    min_difficulty_blocks: bool
    no_retargeting: bool
    bip94: bool
    version_heights: tuple[int, int, int]
    segwit_height: int
    p2pkh_prefix: int
    p2sh_prefix: int
    wif_prefix: int
    hrp: str
    bip32_public: bytes
    bip32_private: bytes
    coin_type: int
    minimum_chain_work: int
    dns_seeds: tuple[str, ...]


def _genesis(time: int, bits: int, nonce: int, merkle_root: str) -> bytes:
    """The 80 bytes of a first header: version 1, nothing before it."""
    return i32(1) + ZERO + MerkleRoot.from_hex(merkle_root) + u32(time) + u32(bits) + u32(nonce)


_FIRST_COINBASE = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
_WIDE_LIMIT = (1 << 224) - 1

MAINNET = ChainParams(
    name="main",
    title="Mainnet",
    magic=bytes.fromhex("f9beb4d9"),
    port=8333,
    genesis_header=_genesis(1231006505, 0x1D00FFFF, 2083236893, _FIRST_COINBASE),
    genesis_hash=BlockHash.from_hex("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
    genesis_filter_header=FilterHeader.from_hex("02c2392180d0ce2b5b6f8b08d39a11ffe831c673311a3ecf77b97fc3f0303c9f"),
    pow_limit=_WIDE_LIMIT,
    pow_limit_bits=0x1D00FFFF,
    min_difficulty_blocks=False,
    no_retargeting=False,
    bip94=False,
    version_heights=(227931, 363725, 388381),
    segwit_height=481824,
    p2pkh_prefix=0,
    p2sh_prefix=5,
    wif_prefix=128,
    hrp="bc",
    bip32_public=bytes.fromhex("0488b21e"),
    bip32_private=bytes.fromhex("0488ade4"),
    coin_type=0,
    minimum_chain_work=0x1128750F82F4C366153A3A030,
    dns_seeds=(
        "dnsseed.bluematt.me",
        "seed.bitcoin.jonasschnelli.ch",
        "seed.btc.petertodd.net",
        "seed.bitcoin.sprovoost.nl",
        "dnsseed.emzy.de",
        "seed.bitcoin.wiz.biz",
        "seed.mainnet.achownodes.xyz",
    ),
)

TESTNET4 = ChainParams(
    name="testnet4",
    title="Testnet 4",
    magic=bytes.fromhex("1c163f28"),
    port=48333,
    genesis_header=_genesis(
        1714777860, 0x1D00FFFF, 393743547, "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e"
    ),
    genesis_hash=BlockHash.from_hex("00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
    genesis_filter_header=FilterHeader.from_hex("0bf21f76e722983499fdf053df229813d79bad9e0dfd316ed3e89de2c4b7b2f1"),
    pow_limit=_WIDE_LIMIT,
    pow_limit_bits=0x1D00FFFF,
    min_difficulty_blocks=True,
    no_retargeting=False,
    bip94=True,
    version_heights=(1, 1, 1),
    segwit_height=1,
    p2pkh_prefix=111,
    p2sh_prefix=196,
    wif_prefix=239,
    hrp="tb",
    bip32_public=bytes.fromhex("043587cf"),
    bip32_private=bytes.fromhex("04358394"),
    coin_type=1,
    minimum_chain_work=0x9A0FE15D0177D086304,
    dns_seeds=("seed.testnet4.bitcoin.sprovoost.nl", "seed.testnet4.wiz.biz"),
)

TESTNET3 = ChainParams(
    name="testnet3",
    title="Testnet 3",
    magic=bytes.fromhex("0b110907"),
    port=18333,
    genesis_header=_genesis(1296688602, 0x1D00FFFF, 414098458, _FIRST_COINBASE),
    genesis_hash=BlockHash.from_hex("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
    genesis_filter_header=FilterHeader.from_hex("21584579b7eb08997773e5aeff3a7f932700042d0ed2a6129012b7d7ae81b750"),
    pow_limit=_WIDE_LIMIT,
    pow_limit_bits=0x1D00FFFF,
    min_difficulty_blocks=True,
    no_retargeting=False,
    bip94=False,
    version_heights=(21111, 330776, 581885),
    segwit_height=834624,
    p2pkh_prefix=111,
    p2sh_prefix=196,
    wif_prefix=239,
    hrp="tb",
    bip32_public=bytes.fromhex("043587cf"),
    bip32_private=bytes.fromhex("04358394"),
    coin_type=1,
    minimum_chain_work=0x17DDE1C649F3708D14B6,
    dns_seeds=(
        "testnet-seed.bitcoin.jonasschnelli.ch",
        "seed.tbtc.petertodd.net",
        "seed.testnet.bitcoin.sprovoost.nl",
        "testnet-seed.bluematt.me",
        "seed.testnet.achownodes.xyz",
    ),
)

SIGNET = ChainParams(
    name="signet",
    title="Signet",
    # The first 4 bytes of SHA256d over the length-prefixed default challenge (BIP325).
    magic=bytes.fromhex("0a03cf40"),
    port=38333,
    genesis_header=_genesis(1598918400, 0x1E0377AE, 52613770, _FIRST_COINBASE),
    genesis_hash=BlockHash.from_hex("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
    genesis_filter_header=FilterHeader.from_hex("0d56a463c236df12c9ef21ba12f27fa17ac4bf7792a36d1636cb231f822076f4"),
    pow_limit=0x0377AE << 216,
    pow_limit_bits=0x1E0377AE,
    min_difficulty_blocks=False,
    no_retargeting=False,
    bip94=False,
    version_heights=(1, 1, 1),
    segwit_height=1,
    p2pkh_prefix=111,
    p2sh_prefix=196,
    wif_prefix=239,
    hrp="tb",
    bip32_public=bytes.fromhex("043587cf"),
    bip32_private=bytes.fromhex("04358394"),
    coin_type=1,
    minimum_chain_work=0xB463EA0A4B8,
    dns_seeds=("seed.signet.bitcoin.sprovoost.nl", "seed.signet.achownodes.xyz"),
)

REGTEST = ChainParams(
    name="regtest",
    title="Regtest",
    magic=bytes.fromhex("fabfb5da"),
    port=18444,
    genesis_header=_genesis(1296688602, 0x207FFFFF, 2, _FIRST_COINBASE),
    genesis_hash=BlockHash.from_hex("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
    genesis_filter_header=FilterHeader.from_hex("485e301e4509d7f0d954bf5b529f3ecef68c5191fd0e635f775c1d0266dc5a2b"),
    pow_limit=(1 << 255) - 1,
    pow_limit_bits=0x207FFFFF,
    min_difficulty_blocks=True,
    no_retargeting=True,
    bip94=False,
    version_heights=(1, 1, 1),
    segwit_height=0,
    p2pkh_prefix=111,
    p2sh_prefix=196,
    wif_prefix=239,
    hrp="bcrt",
    bip32_public=bytes.fromhex("043587cf"),
    bip32_private=bytes.fromhex("04358394"),
    coin_type=1,
    minimum_chain_work=0,
    dns_seeds=(),
)

NETWORKS: Mapping[str, ChainParams] = MappingProxyType(
    {params.name: params for params in (MAINNET, TESTNET4, TESTNET3, SIGNET, REGTEST)}
)


def parse_fixed_seeds(csv_text: str, network: str) -> tuple[str, ...]:
    """The "host:port" of a network in a table of network,address; raises `ParseError`.

    Lines that begin with "#" are comments; the first other line is the heading.
    """
    lines = [line for line in csv_text.splitlines() if line and not line.startswith("#")]
    if not lines or lines[0] != "network,address":
        raise ParseError("a table of fixed seeds begins with network,address")
    rows = [line.split(",") for line in lines[1:]]
    if any(len(row) != 2 or row[0] not in NETWORKS for row in rows):
        raise ParseError("a fixed seed is a network and an address")
    return tuple(address for name, address in rows if name == network)
