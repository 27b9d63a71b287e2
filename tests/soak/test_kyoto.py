"""Two hundred payments, found again by Wren and by a light client that nobody here wrote."""

from pathlib import Path

import pytest

from tests.practice.test_kyoto import pay_and_compare


@pytest.mark.timeout(900)
async def test_two_hundred_payments_are_found_again_by_another_client(tmp_path: Path) -> None:
    await pay_and_compare(tmp_path, 200)
