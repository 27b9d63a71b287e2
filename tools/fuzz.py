"""Fuzz the decoders: ``make fuzz``, or ``python tools/fuzz.py [--seconds N] [TARGET]...`` (all, 60 seconds each).

With atheris (see requirements-fuzz.lock) inputs are found by what they reach in the code, and kept in build/fuzz; where
it cannot be had, the plain mutations of the tests go on for as long. Exit 1 at the first input that a decoder fails on.
"""

import argparse
import contextlib
import importlib
import subprocess
import sys
import time
from pathlib import Path
from random import SystemRandom

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "build" / "fuzz"


def with_atheris(name: str, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["wallet"]):
        target = importlib.import_module("tests.fuzz.targets").TARGETS[name]
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-verbosity=0", f"-artifact_prefix={CORPUS}/failed-"]
    atheris.Setup([sys.argv[0], *options, str(folder)], target)
    atheris.Fuzz()


def plainly(name: str, seconds: int) -> None:
    """Fuzz one target with random changes of its samples."""
    targets = importlib.import_module("tests.fuzz.targets")
    target, chance, end, count = targets.TARGETS[name], SystemRandom(), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = targets.mutate(chance, target.seeds)
        count += 1
        try:
            target(data)
        except Exception:
            print(f"{name} fails on {data.hex()}", file=sys.stderr)
            raise
    print(f"{name}: {count} inputs")


def main() -> int:
    """Each target in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    chosen = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(CORPUS / "packages")]
    coverage_guided = False
    with contextlib.suppress(ImportError):
        coverage_guided = importlib.import_module("atheris") is not None
    if chosen.here:
        (with_atheris if coverage_guided else plainly)(chosen.targets[0], chosen.seconds)
        return 0
    names = chosen.targets or [*importlib.import_module("tests.fuzz.targets").TARGETS]
    print(f"{len(names)} targets, {'by coverage' if coverage_guided else 'plainly'}, {chosen.seconds} s each")
    for name in names:
        done = subprocess.run([sys.executable, __file__, "--here", "--seconds", str(chosen.seconds), name], check=False)
        if done.returncode:
            print(f"{name}: FAILED", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
