"""What is shipped: locks that hold on any machine, and a wheel that has everything."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+) \\$", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text(encoding="utf-8")))


def normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name.group()).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_each_package_and_nothing_of_the_machine_that_made_it(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    _comment, *entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    assert len(entries) == len(pins(lock)) > 0
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r":(?<!sha256:)|/|--(?!hash=sha256:)|;", "".join(entries))


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = {normal(requirement) for requirement in project["dependencies"]}
    development = {normal(requirement) for requirement in project["optional-dependencies"]["dev"]}
    assert runtime <= pins("requirements.lock").keys()
    assert runtime | development <= pins("requirements-dev.lock").keys()


def test_the_locks_agree_with_one_another() -> None:
    everything = pins("requirements-dev.lock")
    for lock in LOCKS:
        assert pins(lock).items() <= everything.items()


def test_the_locked_qt_is_one_that_keeps_its_references_on_old_pythons() -> None:
    major, minor, *_ = pins("requirements.lock")["pyside6-essentials"].split(".")
    assert (int(major), int(minor)) < (6, 12)


def test_the_wheel_holds_every_module_and_the_resources(tmp_path: Path) -> None:
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(tmp_path), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *build], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}

    def files(folder: str) -> set[Path]:
        found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(ROOT) for path in found}

    expected = {path.as_posix() for path in files("wallet")} | {
        f"wallet/{path.as_posix()}" for path in files("resources")
    }
    assert shipped == expected
