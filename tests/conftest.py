"""What every test may ask for, and what the last lines of a run must say."""

import os
import shlex
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import needs
from tests.realnode.node import RealNode
from tools.fetch_node import find_node

# Windows are drawn off screen, unless a test run is asked to show them.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Two cores shared with a node: a slow example is no defect. CI draws the same examples every time.
settings.register_profile("wren", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=needs.IN_CI)
settings.load_profile("wren")

# A folder of tests and the mark that its tests carry.
MARK_OF_FOLDER = {"realnode": pytest.mark.realnode, "keyring": pytest.mark.secret_service}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tests = Path(__file__).parent
    if not any("soak" in argument for argument in config.args):
        items[:] = [item for item in items if not item.path.is_relative_to(tests / "soak")]
    for item in items:
        folder = item.path.relative_to(tests).parts[0] if item.path.is_relative_to(tests) else ""
        if mark := MARK_OF_FOLDER.get(folder):
            item.add_marker(mark)


@pytest.fixture(scope="session")
def real_node_command() -> list[str]:
    """The command line of a real node; without one the test skips, and in CI it fails."""
    command = find_node()
    if command is None:
        needs.lacking(needs.REAL_NODE)
    return shlex.split(command)


@pytest.fixture
def node(real_node_command: list[str]) -> Iterator[RealNode]:
    """A real regtest node of the test's own, at height 0."""
    with RealNode(real_node_command) as running:
        yield running


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    """Say loudly, after all else, which kinds of tests were skipped for want of something."""
    yield
    skipped = Counter[str]()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        skipped.update(need for need in needs.REMEDIES if need in reason)
    for need, count in skipped.items():
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{count} tests were skipped: {need}.", red=True, bold=True)
        terminalreporter.line(f"To run them: {needs.REMEDIES[need]}.", red=True)
