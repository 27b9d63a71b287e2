"""A window as the program opens it, that opens a wallet, pays offline and waits: `-m tests.ui.memory_window DIR`.

Prints the engine's process id once the payment is signed. What this process knows of secrets is the password.
"""

import asyncio
import sys
from pathlib import Path

import qasync
from PySide6.QtWidgets import QApplication

from wallet import app
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.ui.bridge import Bridge
from wallet.ui.main import make_window, use_resources
from wallet.ui.window import Window

RECIPIENT = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
PASSWORD = "correct horse"


async def play(window: Window, bridge: Bridge, options: api.EngineOptions) -> None:
    engine = RemoteEngine.start(app.engine_main, options)
    bridge.attach(engine)
    await window.begin()
    assert window.unlock_page is not None
    window.unlock_page.password.setText(PASSWORD)
    window.unlock_page.open.click()
    while window.shell is None:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    review = await bridge.run(api.PreparePayment(((RECIPIENT, 20_000),), fee_rate=2.0, offline=True))
    sent = await bridge.run(api.SendPayment(review.id, PASSWORD, broadcast=False))
    assert sent.hex
    sys.stdout.write(f"{engine.pid}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    options = api.EngineOptions(network="regtest", data_dir=sys.argv[1], offline=True)
    application = QApplication(["wren"])
    use_resources(Path(__file__).resolve().parents[2] / "resources")
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    bridge = Bridge(loop)
    window = make_window(application, bridge, options, None)
    window.show()
    with loop:
        loop.run_until_complete(play(window, bridge, options))


if __name__ == "__main__":
    main()
