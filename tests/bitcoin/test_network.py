"""The networks' figures, checked against one another, and what is known of their chains beforehand."""

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest

from wallet.bitcoin import checkpoints, hashes
from wallet.bitcoin.codec import ParseError, Reader, var_bytes
from wallet.bitcoin.hashes import BlockHash, MerkleRoot
from wallet.bitcoin.network import (
    MAINNET,
    NETWORKS,
    REGTEST,
    SIGNET,
    TESTNET3,
    TESTNET4,
    ChainParams,
    parse_fixed_seeds,
)
from wallet.bitcoin.script import push
from wallet.bitcoin.transaction import NULL_INDEX, OutPoint, Transaction, TxIn, TxOut

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
HEADER_CHECKPOINTS = (RESOURCES / "checkpoints" / "main.csv").read_text(encoding="utf-8")
FIXED_SEEDS = (RESOURCES / "fixed_seeds.csv").read_text(encoding="utf-8")

networks = pytest.mark.parametrize("params", NETWORKS.values(), ids=NETWORKS.keys())


def first_coinbase(message: bytes, public_key: bytes) -> Transaction:
    """The only transaction of a first block: 50 bitcoins to a public key, under a newspaper's headline."""
    script_sig = push(bytes.fromhex("ffff001d")) + push(b"\x04") + push(message)
    spends_nothing = TxIn(OutPoint(hashes.Txid(bytes(32)), NULL_INDEX), script_sig)
    return Transaction(1, (spends_nothing,), (TxOut(50 * 100_000_000, push(public_key) + b"\xac"),))


OLD_COINBASE = first_coinbase(
    b"The Times 03/Jan/2009 Chancellor on brink of second bailout for banks",
    bytes.fromhex(
        "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6"
        "49f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
    ),
)
TESTNET4_COINBASE = first_coinbase(
    b"03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e", bytes(33)
)


def target(bits: int) -> int:
    return (bits & 0x7FFFFF) << 8 * ((bits >> 24) - 3)


def work(bits: int) -> int:
    return 2**256 // (target(bits) + 1)


@networks
def test_the_first_header_hashes_to_the_first_hash_and_carries_its_work(params: ChainParams) -> None:
    digest = hashes.sha256d(params.genesis_header)
    assert len(params.genesis_header) == 80
    assert digest == params.genesis_hash
    assert int.from_bytes(digest, "little") <= target(params.pow_limit_bits) <= params.pow_limit
    reader = Reader(params.genesis_header, 72)
    assert reader.u32() == params.pow_limit_bits


@networks
def test_the_first_merkle_root_is_the_coinbase_of_the_first_block(params: ChainParams) -> None:
    coinbase = TESTNET4_COINBASE if params is TESTNET4 else OLD_COINBASE
    assert str(MerkleRoot(params.genesis_header[36:68])) == str(coinbase.txid)


@networks
def test_the_first_filter_header_follows_from_the_first_filter(params: ChainParams) -> None:
    filters = {  # facts of BIP158 rebuilt from the first output's script, one element each
        "main": "017fa880",
        "testnet3": "019dfca8",
        "testnet4": "01976d88",
        "signet": "012e7640",
        "regtest": "014756c0",
    }
    filter_hash = hashes.sha256d(bytes.fromhex(filters[params.name]))
    assert hashes.sha256d(filter_hash + bytes(32)) == params.genesis_filter_header


def test_the_proof_of_work_limits_are_those_of_the_reference() -> None:
    limits = {params.name: f"{params.pow_limit:064x}" for params in NETWORKS.values()}
    assert limits == {
        "main": "0" * 8 + "f" * 56,
        "testnet4": "0" * 8 + "f" * 56,
        "testnet3": "0" * 8 + "f" * 56,
        "signet": "00000377ae" + "0" * 54,
        "regtest": "7" + "f" * 63,
    }


def test_signets_magic_comes_from_its_challenge() -> None:
    challenge = bytes.fromhex(
        "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430"
        "210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae"
    )
    assert SIGNET.magic == hashes.sha256d(var_bytes(challenge))[:4]


def test_networks_cannot_be_taken_for_one_another() -> None:
    assert list(NETWORKS) == ["main", "testnet4", "testnet3", "signet", "regtest"]
    assert all(NETWORKS[name].name == name for name in NETWORKS)
    for field in ("magic", "port", "genesis_hash", "genesis_filter_header", "title"):
        assert len({getattr(params, field) for params in NETWORKS.values()}) == 5, field
    tests = [TESTNET4, TESTNET3, SIGNET, REGTEST]
    for field in ("p2pkh_prefix", "p2sh_prefix", "wif_prefix", "hrp", "bip32_public", "bip32_private", "coin_type"):
        assert getattr(MAINNET, field) not in {getattr(params, field) for params in tests}, field


def test_rules_differ_where_the_reference_says() -> None:
    assert [p.name for p in NETWORKS.values() if p.min_difficulty_blocks] == ["testnet4", "testnet3", "regtest"]
    assert [p.name for p in NETWORKS.values() if p.no_retargeting] == ["regtest"]
    assert [p.name for p in NETWORKS.values() if p.bip94] == ["testnet4"]
    assert MAINNET.version_heights == (227931, 363725, 388381)
    assert TESTNET3.version_heights == (21111, 330776, 581885)
    assert (MAINNET.segwit_height, TESTNET3.segwit_height) == (481824, 834624)
    assert (MAINNET.hrp, TESTNET4.hrp, SIGNET.hrp, REGTEST.hrp) == ("bc", "tb", "tb", "bcrt")


def test_seeds_are_names_and_regtest_has_none() -> None:
    assert {params.name: len(params.dns_seeds) for params in NETWORKS.values()} == {
        "main": 7,
        "testnet4": 2,
        "testnet3": 5,
        "signet": 2,
        "regtest": 0,
    }
    dropped = {"seed.bitcoin.sipa.be", "dnsseed.bitcoin.dashjr.org", "seed.bitcoinstats.com", "seed.tbtc.petertodd.org"}
    seeds = [seed for params in NETWORKS.values() for seed in params.dns_seeds]
    assert len(set(seeds)) == len(seeds)
    assert not dropped & set(seeds)


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_mainnets_checkpoints_ascend_and_end_periods() -> None:
    rows = checkpoints.parse_checkpoints(HEADER_CHECKPOINTS)
    assert len(rows) == 95
    assert (rows[0].height, rows[-1].height) == (10079, 953567)
    assert all(row.height % 2016 == 2015 for row in rows)
    for below, above in pairwise(rows):
        assert above.height > below.height
        assert above.chain_work > below.chain_work
        if below.next_time and above.next_time:
            assert above.next_time > below.next_time
    for row in rows:
        assert row.next_bits is not None
        assert int.from_bytes(row.block_hash, "little") < target(0x1D00FFFF)
        assert target(row.next_bits) <= MAINNET.pow_limit


def test_chain_work_adds_up_where_the_difficulty_is_known() -> None:
    """Up to height 32,255 every block had the least difficulty; from there on a period changes at most fourfold."""
    rows = {row.height: row for row in checkpoints.parse_checkpoints(HEADER_CHECKPOINTS)}
    for height in (10079, 20159, 30239):
        assert rows[height].chain_work == (height + 1) * work(0x1D00FFFF)
    ordered = list(rows.values())
    for below, above in pairwise(ordered):
        assert below.next_bits is not None
        count = above.height - below.height
        first_period = 2016 * work(below.next_bits)
        assert above.chain_work - below.chain_work >= first_period
        assert above.chain_work - below.chain_work <= count * work(below.next_bits) * 4 ** (count // 2016)


def test_chain_work_agrees_with_figures_from_elsewhere() -> None:
    """The reference implementation's minimum work is that of height 938,343, and 2^95 was passed at 849,138."""
    rows = checkpoints.parse_checkpoints(HEADER_CHECKPOINTS)
    assert rows[-1].chain_work == 0x12FA7ECF8D5705E356FD4A680
    known = {
        849_138: 0x800028897AA1DCE163EAD2CF,
        928_896: 0x1000035C98FDB21C9A0725E63,
        935_000: 0x10C5D28E9A19A225FB7C9E2FD,
        938_343: MAINNET.minimum_chain_work,
        950_000: 0x128D3EC3B162FF42469EA5BB7,
        951_658: 0x12BF97F78EA6B907624A3C0A6,
    }
    for height, chain_work in known.items():
        below = max(row for row in ((row.height, row.chain_work) for row in rows) if row[0] <= height)
        above = min(row for row in ((row.height, row.chain_work) for row in rows) if row[0] > height)
        assert below[1] < chain_work < above[1]


def test_a_synced_mainnet_passes_the_minimum_work_at_the_last_checkpoint() -> None:
    assert checkpoints.parse_checkpoints(HEADER_CHECKPOINTS)[-1].chain_work > MAINNET.minimum_chain_work
    assert [p.minimum_chain_work > 0 for p in NETWORKS.values()] == [True, True, True, True, False]


@networks
def test_what_is_known_of_each_network_ascends(params: ChainParams) -> None:
    known = checkpoints.checkpoints_for(params.name, HEADER_CHECKPOINTS if params is MAINNET else "")
    assert (known == checkpoints.EMPTY_CHECKPOINTS) == (params is REGTEST)
    for below, above in pairwise(known.headers):
        assert above.height > below.height
    for lower, higher in pairwise(known.filters):
        assert higher.height > lower.height
    filters = [pin.filter_header for pin in known.filters]
    assert len(set(filters)) == len(filters)
    limit = target(params.pow_limit_bits)
    assert all(int.from_bytes(checkpoint.block_hash, "little") <= limit for checkpoint in known.headers)
    counts = {"main": (95, 26), "testnet4": (4, 2), "testnet3": (4, 10), "signet": (5, 0), "regtest": (0, 0)}
    assert (len(known.headers), len(known.filters)) == counts[params.name]


def test_nothing_starts_from_a_test_networks_checkpoint() -> None:
    for name in ("testnet4", "testnet3", "signet"):
        for checkpoint in checkpoints.checkpoints_for(name).headers:
            assert checkpoint.next_bits is None
            assert checkpoint.chain_work == 0


def test_the_pins_are_the_figures_that_were_collected() -> None:
    """A digest over all of them, so that none changes unnoticed; recompute it when a pin is added."""
    listed = [
        f"{name},{kind},{height},{value}\n"
        for name in NETWORKS
        for kind, rows in (
            ("header", [(c.height, c.block_hash) for c in checkpoints.checkpoints_for(name).headers]),
            ("filter", [(p.height, p.filter_header) for p in checkpoints.checkpoints_for(name).filters]),
        )
        for height, value in rows
    ]
    assert (
        hashlib.sha256("".join(listed).encode()).hexdigest()
        == "8636c51354bb78a0e23ced3daa52d675a58ab5373371c59464f1c1001cc0de14"
    )


def test_birthday_times_fit_between_the_checkpoints() -> None:
    times = [
        (row.height + 1, row.next_time) for row in checkpoints.parse_checkpoints(HEADER_CHECKPOINTS) if row.next_time
    ]
    everything = sorted([*times, *checkpoints.MAINNET_TIMES.items()])
    for (_, earlier), (_, later) in pairwise(everything):
        assert earlier < later


ROW = "10079,000000009b0a4b2833b4a0aa61171ee75b8eb301ac45a18713795a72e461a946,1d00ffff,276027602760,1239055463"
HEADING = "height,hash,next_bits,chainwork,next_time\n"


def test_a_checkpoint_is_read_field_by_field() -> None:
    (row,) = checkpoints.parse_checkpoints(f"# a comment\n\n{HEADING}{ROW}\n")
    assert row == checkpoints.Checkpoint(
        10079,
        BlockHash.from_hex("000000009b0a4b2833b4a0aa61171ee75b8eb301ac45a18713795a72e461a946"),
        0x1D00FFFF,
        0x276027602760,
        1239055463,
    )
    (untimed,) = checkpoints.parse_checkpoints(HEADING + ROW.rpartition(",")[0] + ",")
    assert untimed.next_time is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "height,hash\n" + ROW,
        HEADING + ROW.replace("10079", "10080"),
        HEADING + ROW.replace("1d00ffff", "1d00fff"),
        HEADING + ROW.replace("a946", "a94"),
        HEADING + ROW.replace("276027602760", "0x27"),
        HEADING + ROW + ",",
        HEADING + ROW + "\n" + ROW,
        HEADING + ROW.replace("10079,", "20159,") + "\n" + ROW,
        HEADING + ROW + "\n" + ROW.replace("10079,", "20159,"),
    ],
)
def test_a_damaged_table_of_checkpoints_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        checkpoints.parse_checkpoints(text)


def test_fixed_seeds_have_a_host_and_the_networks_port() -> None:
    counts = {name: len(parse_fixed_seeds(FIXED_SEEDS, name)) for name in NETWORKS}
    assert sum(counts.values()) == len([line for line in FIXED_SEEDS.splitlines() if line[0] != "#"]) - 1
    assert counts["main"] > 100
    for params in NETWORKS.values():
        for seed in parse_fixed_seeds(FIXED_SEEDS, params.name):
            host, _, port = seed.rpartition(":")
            assert host
            assert 0 < int(port) < 65536


@pytest.mark.parametrize("text", ["", "address\n", "network,address\nmain\n", "network,address\nmoon,1.2.3.4:8333\n"])
def test_a_damaged_table_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_fixed_seeds(text, "main")
