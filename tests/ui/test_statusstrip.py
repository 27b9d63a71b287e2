"""The status strip: what is doubtful stays in sight, whatever else there is to say."""

from dataclasses import replace

import pytest

from tests.ui.engine_double import SYNCED
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.statusstrip import StatusStrip


@pytest.mark.parametrize(
    ("status", "also"),
    [
        (SYNCED, ""),
        (replace(SYNCED, stale=True, synced=False), "out of date"),
        (replace(SYNCED, stale=True, synced=False, notice="choose"), "out of date. · Choose"),
        (replace(SYNCED, notice="no node lets itself be asked"), "No node"),
        (replace(SYNCED, phase="blocks", synced=False, percent=12.0), "12"),
    ],
)
def test_what_one_node_alone_said_is_never_called_complete(stage: Stage, status: api.SyncStatus, also: str) -> None:
    strip = StatusStrip()
    stage.show(strip)
    strip.show_status(replace(status, completeness_verified=False))
    assert "completeness not verified" in strip.detail.text()
    assert also in strip.detail.text()
    strip.show_status(status)
    assert "completeness" not in strip.detail.text()
