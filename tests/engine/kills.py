"""Kill -9 at every durable step of what is done with keys: `python -m tests.engine.kills ACTION FOLDER [ROUNDS SEED]`.

For each step the program forks a victim that carries the action out and dies by SIGKILL just before that step, and then
a witness, a fresh engine on what is left, that must find the wallet whole. The vault's tasks run in the victim's own
process, and the keyring is a folder of files, so that "just before" is exact: a step is whatever changes a file (open
for writing, rename, remove, make or remove a folder), as the interpreter's audit hooks see it, or an fsync.

With ROUNDS and SEED the victims die at random steps, several times in a row on the same folder. Prints one JSON list.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from wallet import app
from wallet.engine import api, signing, signing_backup, signing_child, signing_home, signing_tasks
from wallet.engine.engine import WrenEngine
from wallet.engine.signing import Vault, VaultRef

CHEAP = (19 * 1024, 1, 1)
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
OTHER_WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
LABEL = "kept through it all"
PASSWORDS = ("old", "new", "newest")


# --- a vault without processes, a keyring without a service ---


class Items:
    """A keyring in a folder: one file for each item."""

    folder = Path()

    def __init__(self, _announce: Callable[[bool], None] = lambda _: None) -> None:
        self.folder.mkdir(exist_ok=True)

    def get(self, name: str) -> str | None:
        path = self.folder / name
        return path.read_text() if path.exists() else None

    def set(self, name: str, text: str) -> None:
        partial = self.folder / ".part"
        partial.write_text(text)
        partial.replace(self.folder / name)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


class VaultHere(Vault):
    """Carries out each task in this process, by the child's own code."""

    async def _ask(self, task: str, ref: VaultRef | None = None, **fields: object) -> Any:
        request: dict[str, Any] = {"task": task, **fields}
        if ref is not None:
            request |= {"folder": str(ref.wallet_dir), "uuid": ref.uuid, "kind": ref.kind, "network": ref.network}
        return signing._result(signing_child._carry_out(json.loads(json.dumps(request)), lambda _: None))


def probe(choice: str, _announce: object) -> str:
    return "file" if choice == "file" else "keyring"


def engine_on(folder: Path) -> WrenEngine:
    Items.folder = folder / "keyring"
    vars(signing_home).update(KeyringItems=Items, probe=probe)
    options = api.EngineOptions(network="regtest", data_dir=str(folder / "data"))
    return WrenEngine(replace(app._parts(options), vault=VaultHere(CHEAP)))


def on_engine(folder: Path, work: Callable[[WrenEngine], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        engine = engine_on(folder)
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(run())


# --- what is done, and what must hold afterwards ---


async def prepare(engine: WrenEngine, vault: str) -> None:
    """Two wallets: the one that something is done with, with a label, and one that must never be touched."""
    await engine.run(api.CreateWallet("other", "pw", OTHER_WORDS, vault="keyring"))
    await engine.run(api.CreateWallet("main", "old", WORDS, vault=vault))
    await engine.run(api.SetLabel("addr", "somewhere", LABEL))


async def unlocked(engine: WrenEngine, name: str, passwords: tuple[str, ...]) -> str | None:
    """The password that opens a wallet and its words, if one does."""
    for password in passwords:
        with suppress(api.WrenError):
            await engine.run(api.OpenWallet(name, password))
            if await engine.run(api.GetWords(password)) in (WORDS, OTHER_WORDS):
                return password
    return None


async def create(engine: WrenEngine) -> None:
    await engine.run(api.CreateWallet("made", "old", WORDS, vault="keyring"))


async def change(engine: WrenEngine) -> None:
    password = await unlocked(engine, "main", PASSWORDS)
    assert password is not None
    await engine.run(api.ChangePassword(password, next(other for other in PASSWORDS[1:] if other != password)))


async def move(engine: WrenEngine) -> None:
    password = await unlocked(engine, "main", PASSWORDS)
    assert engine._session is not None
    await engine.run(api.MoveVault("file" if engine._session.entry.vault == "keyring" else "keyring", password))


async def delete(engine: WrenEngine) -> None:
    await engine.run(api.DeleteWallet("main", "main"))


async def repair(engine: WrenEngine) -> None:
    await engine.run(api.RepairVault("main", WORDS, "new", vault="file"))


async def restore(engine: WrenEngine) -> None:
    document = (Path(engine._parts.options.data_dir or "").parent / "backup").read_text()
    await engine.run(api.RestoreBackup("made", document, "old", vault="keyring"))


ACTIONS: Mapping[str, tuple[str, Callable[[WrenEngine], Coroutine[Any, Any, None]]]] = {
    "create": ("keyring", create),
    "restore": ("file", restore),
    "password-keyring": ("keyring", change),
    "password-file": ("file", change),
    "move-to-file": ("keyring", move),
    "move-to-keyring": ("file", move),
    "delete": ("keyring", delete),
    "repair": ("keyring", repair),
}


async def whole(engine: WrenEngine, action: str) -> list[str]:
    """What is wrong with what is left, after the next start has tidied up."""
    await engine._staging.tidy()
    found = {wallet.name: wallet for wallet in await engine.run(api.ListWallets())}
    faults = [] if await unlocked(engine, "other", ("pw",)) else ["the other wallet suffered"]
    if action == "repair" and await unlocked(engine, "main", PASSWORDS) is None:
        await repair(engine)  # the words bring it back as often as need be
    allowed = {"other": ("pw",), "main": PASSWORDS, "made": ("old",)}
    faults += [f"{name} does not open" for name in found if await unlocked(engine, name, allowed[name]) is None]
    if "main" in found:
        await unlocked(engine, "main", PASSWORDS)
        labels = {} if engine._session is None else engine._session.ledger.labels
        faults += [] if LABEL in labels.values() else ["a label is lost"]
    elif action != "delete":
        faults.append("the wallet is gone")
    uuids = {entry.uuid for entry in engine._parts.folder.wallets() if entry.vault == "keyring"}
    items = [path.name for path in Items.folder.iterdir() if path.name != ".part"]
    faults += [f"left in the keyring: {item}" for item in items if item.split(":")[1] not in uuids]
    names = sorted(path.name for path in (engine._parts.folder._folder.root / "wallets").iterdir())  # type: ignore[attr-defined]
    faults += [] if names == sorted(found) else [f"folders {names}, wallets {sorted(found)}"]
    for entry in engine._parts.folder.wallets():
        present = {path.name for path in entry.folder.iterdir()} & {"vault.bin", "wallet.key", "staged.json"}
        if entry.leftover or present != ({"vault.bin", "wallet.key"} if entry.vault == "file" else set()):
            faults.append(f"{entry.name} in {entry.vault} has {sorted(present)}, leftover {entry.leftover}")
    return faults


# --- the killing ---


def arm(folder: Path, number: int) -> None:
    """Die just before the n-th durable step from here on in this folder."""
    left, root, fsync = number, str(folder), os.fsync

    def step(name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            (folder / "step").write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}
        if event == "open":
            writes = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR)) and "/network/" not in str(arguments[0])
        if writes and left > 0 and str(arguments[0]).startswith(root):
            step(f"{event} {Path(str(arguments[0])).name}")

    def synced(handle: Any) -> None:
        if left > 0:
            step("fsync")
        fsync(handle)

    os.fsync = synced  # type: ignore[assignment]  # its parameter has another name
    sys.addaudithook(hook)


def forked(work: Callable[[], object]) -> int:
    """Run something in a process of its own; how that ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def witness(folder: Path, action: str) -> dict[str, Any]:
    """What a fresh engine finds."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    ended = forked(lambda: report.write_text(json.dumps(on_engine(folder, lambda engine: whole(engine, action)))))
    died_at = (folder / "step").read_text() if (folder / "step").exists() else ""
    faults = json.loads(report.read_text()) if ended == 0 else [f"the witness ended with {ended}"]
    return {"died_at": died_at, "faults": faults}


def victim(folder: Path, action: str, number: int) -> int:
    def run() -> None:
        arm(folder, number)
        on_engine(folder, ACTIONS[action][1])

    (folder / "step").unlink(missing_ok=True)
    return forked(run)


def make_base(folder: Path, action: str) -> Path:
    base = folder / "base"
    base.mkdir()
    assert forked(lambda: on_engine(base, lambda engine: prepare(engine, ACTIONS[action][0]))) == 0
    if action == "restore":
        assert forked(lambda: on_engine(base, lambda engine: back_up(engine, base))) == 0
    if action == "repair":
        for path in (base / "keyring").iterdir():
            if json.loads((base / "data/wallets/main/wallet.json").read_text())["uuid"] in path.name:
                path.unlink()
    return base


async def back_up(engine: WrenEngine, base: Path) -> None:
    await unlocked(engine, "main", PASSWORDS)
    await engine.run(api.BackUp(str(base / "backup"), "old"))


def every_step(folder: Path, action: str) -> list[dict[str, Any]]:
    """Kill at step 1, 2, 3 … of an action until it ends alive."""
    base = make_base(folder, action)
    results: list[dict[str, Any]] = []
    for number in range(1, 1000):
        place = folder / "victim"
        shutil.copytree(base, place)
        ended = victim(place, action, number)
        results.append({"ended": ended, **witness(place, action)})
        shutil.rmtree(place)
        if ended != -signal.SIGKILL:
            return results
    return results


def random_steps(folder: Path, action: str, rounds: int, seed: int) -> list[dict[str, Any]]:
    """Kill at random steps, over and over on one folder, looking only now and then."""
    place, dice = make_base(folder, action), random.Random(seed)
    results, span = [], 60  # about how many steps the action takes: a kill that comes later hits nobody
    for _ in range(rounds):
        kills = 0
        for _ in range(dice.randint(1, 3)):
            number = dice.randint(1, span)
            killed = victim(place, action, number) == -signal.SIGKILL
            kills += killed
            span = max(span, number + 2) if killed else max(number - 1, 4)
        results.append({"kills": kills, **witness(place, action)})
    return results


def main() -> None:
    _ = signing_tasks, signing_backup  # imported before the fork: each victim would otherwise do it again
    action, folder = sys.argv[1], Path(sys.argv[2])
    if len(sys.argv) > 3:
        results = random_steps(folder, action, int(sys.argv[3]), int(sys.argv[4]))
    else:
        results = every_step(folder, action)
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
