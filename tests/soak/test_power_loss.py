"""The power fails after every single call that changes a file, in five ways each."""

from pathlib import Path

import pytest

from tests.engine.kills import ACTIONS
from tests.powerloss.test_power_loss import judged
from tests.powerloss.victims import PAY


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("action", [PAY, *ACTIONS])
def test_whenever_the_power_fails_the_wallet_is_whole(tmp_path: Path, action: str) -> None:
    found = judged(tmp_path, action, seconds=3500)
    assert found["faults"] == []
    assert found["states"] > found["events"] // 2
