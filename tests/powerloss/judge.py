"""Fails the power at every point of what an action wrote, and looks at what may be left: `… ACTION FOLDER [N SEED]`.

Without N each point is looked at with the least, the most, and three states that chance chooses; with it so many of
all these. Prints one JSON object.
"""

import hashlib
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.powerloss.disk import Disk, State, lay_out, read_log
from tests.powerloss.victims import MARKS, build_shim, look, prepare, run

WAYS = ("least", "most", "some", "some others", "others again")


@dataclass(frozen=True, slots=True)
class Left:
    """What may be left: where the power failed, what had been marked before, files by path (None: a folder)."""

    where: str
    marks: tuple[str, ...]
    state: State

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(repr((self.marks, sorted(self.state.items()))).encode()).digest()


def may_be_left(disk: Disk, points: int, most: int | None, chance: random.Random) -> list[Left]:
    """What may be left after each event, each once; with `most` only so many looks, at points that chance chooses."""
    looks = [(number, way) for number in range(1, points + 1) for way in WAYS]
    chosen = set(looks if most is None else chance.sample(looks, min(most, len(looks))))
    found: dict[bytes, Left] = {}
    marks: tuple[str, ...] = ()
    for number, event in enumerate(disk.happen(), 1):
        if event.path == MARKS:
            marks = (*marks, event.data.decode()) if event.data else marks
        for way in WAYS:
            if (number, way) not in chosen:
                continue
            state = {"least": disk.least, "most": disk.most}.get(way, lambda: disk.some(chance))()
            state.pop(MARKS, None)
            left = Left(f"{way} after event {number}, {event}", marks, state)
            found.setdefault(left.digest, left)
    return list(found.values())


def judge(action: str, folder: Path, most: int | None, seed: int) -> dict[str, Any]:
    """Do it once under the shim, then look at what may be left."""
    chance = random.Random(seed)
    work, log = folder / "work", folder / "log"
    prepare(action, work)
    disk = Disk(work)
    run(build_shim(folder), action, work, log)
    events = read_log(log)
    disk.begin(events, durable="/keyring")
    found = may_be_left(disk, len(events), most, chance)
    faults = []
    for left in found:
        lay_out(left.state, work)  # where it was: a marker in it names the folder
        faults += [f"{left.where}, {left.marks}: {fault}" for fault in look(action, work, left.marks)]
    return {"events": len(events), "states": len(found), "faults": faults}


def main() -> None:
    action, folder, *rest = sys.argv[1:]
    most, seed = (int(rest[0]), int(rest[1])) if rest else (None, 1)
    sys.stdout.write(json.dumps(judge(action, Path(folder), most, seed)))


if __name__ == "__main__":
    main()
