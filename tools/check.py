"""Run every check of the code and report all that they find in one go; exit 1 when any found something."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS = {
    "format": ("ruff", "format", "--check", "--quiet", "--diff", "."),
    "lint": ("ruff", "check", "--quiet", "--output-format", "concise", "."),
    "types": ("mypy", "--no-error-summary"),
    "layers": ("lint-imports", "--no-logo"),
    "dependencies": ("deptry", "."),
    "size": ("pytest", "--quiet", "--no-header", "--tb=short", "-p", "no:cacheprovider", "tests/test_size.py"),
}


def run(command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run one tool of the environment in the root folder, without colours."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(Path.home()), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def main() -> None:
    """Run the checks beside one another; print the output of those that found something."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = dict(zip(CHECKS, pool.map(run, CHECKS.values()), strict=True))
    for name, result in results.items():
        if result.returncode:
            print(f"---- {name}: {' '.join(CHECKS[name])}\n{result.stdout.rstrip()}\n")
    verdicts = (f"{name} {'FAILED' if result.returncode else 'ok'}" for name, result in results.items())
    print("check:", ", ".join(verdicts))
    if any(result.returncode for result in results.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
