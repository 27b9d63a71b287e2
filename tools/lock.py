"""Write the lock files: exact versions with hashes, and nothing about the machine that made them.

Run with the oldest Python that the project supports, inside an environment that has pip-tools:
``make lock``. Markers on our own requirements are removed from the result, because one lock
serves every supported Python: what the oldest needs also works on the newer ones.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Exact versions with hashes. Written by `make lock`; do not edit.\n"
OPTIONS = (
    "--quiet",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--allow-unsafe",
    "--strip-extras",
    "--upgrade",
)
# Addresses and folders of a machine have no place in a lock file.
FOREIGN = re.compile(r"https?:|file:|/[a-z]+/|--index|--find-links")


def compile_lock(name: str, *sources: str) -> str:
    """Resolve `sources` (pip-compile arguments) and write the lock file `name`; return its text."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / name
        command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, "-o", str(output)]
        subprocess.run([*command, *sources], cwd=ROOT, check=True)
        pins = re.sub(r"^(#.*)?\n", "", output.read_text(), flags=re.MULTILINE)
    text = HEADER + re.sub(r" ; python_version[^\\\n]*(?= \\)", "", pins)
    if found := FOREIGN.search(text):
        raise SystemExit(f"{name} would hold something of this machine: {found.group()!r}")
    (ROOT / name).write_text(text)
    return text


def main() -> None:
    """Write the development lock first; the other two are parts of it, and the tools that freeze go with it."""
    compile_lock("requirements-dev.lock", "--extra", "dev", "--build-deps-for", "wheel", "pyproject.toml")
    pins = ("--constraint", "requirements-dev.lock")
    compile_lock("requirements.lock", *pins, "pyproject.toml")
    compile_lock("requirements-build.lock", *pins, "--only-build-deps", "--build-deps-for", "wheel", "pyproject.toml")
    compile_lock("requirements-freeze.lock", *pins, "packaging/requirements.in")


if __name__ == "__main__":
    main()
