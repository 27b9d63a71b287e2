"""`sync --follow` ends when nobody reads it any more, instead of going on for ever behind a broken pipe."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

from wallet.cli import follow
from wallet.engine import api


class Talkative:
    """An engine that is never in sync, and tells of a change again and again."""

    def __init__(self) -> None:
        self.stopped = False

    async def run(self, command: api.Command[Any]) -> Any:
        if isinstance(command, api.ListWallets):
            return (api.WalletInfo("default", "regtest", "keyring", locked=False),)
        if isinstance(command, api.Synchronise):
            try:
                await asyncio.Event().wait()
            finally:
                self.stopped = True
        return None

    def subscribe(self, listener: api.Listener) -> Callable[[], None]:
        asyncio.get_running_loop().call_soon(listener, api.WalletChanged(frozenset({"balance"})))
        return lambda: None

    async def close(self) -> None:
        pass


class Closed:
    """Where the reader has left."""

    def write(self, _text: str) -> None:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_it_ends_when_the_reader_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Closed())
    engine = Talkative()
    options = argparse.Namespace(wallet=None, network="regtest", account=None, timeout=None)

    async def story() -> None:
        with pytest.raises(BrokenPipeError):
            await asyncio.wait_for(follow.follow(engine, options), 20)
        await asyncio.sleep(0)

    asyncio.run(story())
    assert engine.stopped
