"""A thousand random payments, two hundred of them mined and found again, and hundreds of random mends."""

from pathlib import Path

import pytest

from tests.realnode.node import RealNode
from tests.realnode.test_mending import judge_mends
from tests.realnode.test_payments import judge_payments

pytestmark = [pytest.mark.realnode, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seed", range(11, 16))
def test_two_hundred_random_payments_forty_of_them_mined(node: RealNode, tmp_path: Path, seed: int) -> None:
    judge_payments(node, tmp_path, 200, 40, seed)


@pytest.mark.parametrize("seed", range(21, 25))
def test_a_hundred_random_mends(node: RealNode, seed: int) -> None:
    judge_mends(node, 100, seed)
