"""A thousand random payments, hundreds of random mends, and a light client of others that finds the same money."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.realnode.node import RealNode
from tests.realnode.payments import random_payments, stock
from tests.realnode.purse import purse_on
from tests.realnode.test_mending import judge_mends
from tests.realnode.test_payments import judge_payments

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seed", range(11, 16))
def test_two_hundred_random_payments_forty_of_them_mined(node: RealNode, tmp_path: Path, seed: int) -> None:
    judge_payments(node, tmp_path, 200, 40, seed)


@pytest.mark.parametrize("seed", range(21, 25))
def test_a_hundred_random_mends(node: RealNode, seed: int) -> None:
    judge_mends(node, 100, seed)


def test_a_light_client_of_others_finds_two_hundred_payments(node: RealNode, tmp_path: Path) -> None:
    """bdkpython's compact filter client, one account after the other, on what the random payments left."""
    with purse_on(node, 31) as purse:
        for _ in range(3):
            stock(purse, 25)
        assert random_payments(purse, 200, 200).sent == 200
        purse.mine()
        node.wait_for_filters()
        found = 0
        for account in purse.ledger.keychain.accounts.values():
            assert account.internal is not None
            folder = tmp_path / str(account.type)
            folder.mkdir()
            line = [str(node.port), str(node.getblockcount()), str(account.external), str(account.internal), "400"]
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.kyoto", *line, str(folder)],
                capture_output=True, text=True, timeout=600, check=True,
            )  # fmt: skip
            found += json.loads(done.stdout)["balance"]
        assert found == purse.ledger.balance(purse.height).total
