"""A restore on a chain that begins with a checkpoint: what lies below it is fetched and scanned, as the birthday asks.

Mainnet's way at a small scale: regtest's rules under another network's name, checkpoints at three retarget periods, and
real peers over the wire.
"""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.peers.chain import ChainBuilder
from tests.peers.scripted import ScriptedPeer
from wallet import app
from wallet.bitcoin import network
from wallet.bitcoin.address import parse_address
from wallet.bitcoin.checkpoints import Checkpoint, Checkpoints
from wallet.bitcoin.network import NETWORKS, REGTEST, SIGNET
from wallet.bitcoin.pow import block_work
from wallet.engine import api

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
# The phrase's first address on the test networks (BIP84: the account's, with coin type 1).
FIRST = "tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl"
SMALL = replace(REGTEST, name="signet", hrp=SIGNET.hrp)
PAID = {500: 1_000, 3_000: 20_000, 4_500: 300_000, 6_050: 4_000_000}
BASE = 4_032


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    """6,100 blocks from February to March 2011, ten minutes apart, with payments below and above the start."""
    built = ChainBuilder(SMALL)
    script = parse_address(FIRST, SMALL).script_pubkey
    for height, amount in PAID.items():
        built.mine(height - 1 - built.height)
        built.mine_payment(script, amount)
    built.mine(6_100 - built.height)
    return built


def checkpoints_of(chain: ChainBuilder) -> Checkpoints:
    work = block_work(SMALL.pow_limit_bits)
    heights = (2_015, 4_031, 6_047)
    return Checkpoints(
        tuple(
            Checkpoint(height, chain.blocks[height].hash, SMALL.pow_limit_bits, (height + 1) * work)
            for height in heights
        )
    )


@pytest.mark.parametrize(
    ("birthday", "found"),
    [
        (None, PAID.keys()),
        (501, {3_000, 4_500, 6_050}),
        (BASE + 1, {4_500, 6_050}),
        (date(2011, 2, 15), {3_000, 4_500, 6_050}),
        (date(2011, 3, 15), {6_050}),
        (date(2024, 1, 1), PAID.keys()),  # after the chain's end: no birthday
    ],
)
def test_a_restore_finds_what_lies_at_and_above_its_birthday(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chain: ChainBuilder,
    birthday: int | date | None,
    found: set[int],
) -> None:
    monkeypatch.setattr(network, "NETWORKS", {**NETWORKS, "signet": SMALL})
    monkeypatch.setattr(app, "load_checkpoints", lambda _params: checkpoints_of(chain))
    expected = sum(PAID[height] for height in found)
    claims: list[int | None] = []

    async def story() -> int:
        async with ScriptedPeer(chain) as first, ScriptedPeer(chain) as second:
            options = api.EngineOptions(
                network="signet", data_dir=str(tmp_path), peers=(first.address, second.address), kdf=(19 * 1024, 1, 1)
            )
            engine = app.make_engine(options)
            try:
                await engine.run(api.RestoreWallet("default", PHRASE, None, vault="file", birthday=birthday))

                def look(event: api.Event) -> None:
                    if isinstance(event, api.SyncChanged) and event.status.synced:
                        claims.append(engine._session.ledger.balance(6_100).confirmed)  # type: ignore[attr-defined]

                engine.subscribe(look)
                await engine.run(api.Synchronise(60.0))
                await asyncio.sleep(0.25)  # the last event
                return (await engine.run(api.GetBalance())).confirmed
            finally:
                await engine.close()

    assert asyncio.run(story()) == expected
    assert set(claims) <= {expected}
