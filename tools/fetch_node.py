"""Find a real Bitcoin node for the tests, or fetch one; print the command that starts it.

In this order: ``$BITCOIND``, ``bitcoind`` on the PATH, one fetched before, and, on a Debian-like
system, the package ``bitcoin-knots`` from the suite ``sid``. That package and all that it depends on
are downloaded by apt with state folders of its own (nothing is installed), unpacked into a cache
folder, and run through their own dynamic loader, so that the system's libraries do not matter.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "bitcoin-knots"
SUITE = "sid"
PROGRAMS = ("bitcoind", "bitcoin-cli")
APT_SOURCES = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class NoNodeError(Exception):
    """No node can be had; the message says why."""


def cache_folder() -> Path:
    """Where a fetched node is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "wren-tests" / "node"


def find_node() -> str | None:
    """The command of a node that is already there, or None."""
    if named := os.environ.get("BITCOIND"):
        return named
    if found := shutil.which("bitcoind"):
        return shlex.quote(found)
    wrapper = cache_folder() / "bitcoind"
    return shlex.quote(str(wrapper)) if wrapper.exists() else None


def debian_mirrors() -> Iterator[str]:
    """Addresses of the mirrors in this machine's apt sources that serve the running release itself."""
    release = dict(re.findall(r"^(\w+)=\"?([^\"\n]*)", Path("/etc/os-release").read_text(), re.MULTILINE))
    codename = release.get("VERSION_CODENAME", SUITE)
    for path in sorted(APT_SOURCES.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = dict(re.findall(r"^(URIs|Suites): *(.+)$", stanza, re.MULTILINE))
            if codename in fields.get("Suites", "").split():
                yield from fields.get("URIs", "").split()
    for path in (APT_SOURCES / "sources.list", *sorted(APT_SOURCES.glob("sources.list.d/*.list"))):
        text = path.read_text() if path.exists() else ""
        yield from re.findall(rf"^deb +(?:\[[^]]*\] +)?(\S+) +{re.escape(codename)} ", text, re.MULTILINE)


def write_apt_configuration(folder: Path, mirror: str) -> Path:
    """Make apt folders of our own under `folder`, with an empty package status; return the configuration file."""
    for name in (
        "state/lists/partial",
        "cache/archives/partial",
        "etc/trusted.d",
        "etc/sources.d",
        "etc/preferences.d",
    ):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "state/status").write_text("")
    (folder / "etc/sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE} main\n")
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "state/status",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::SourceList": folder / "etc/sources.list",
        "Dir::Etc::SourceParts": folder / "etc/sources.d",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": folder / "etc/preferences.d",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    configuration = folder / "apt.conf"
    configuration.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    return configuration


def download_packages(folder: Path, mirror: str) -> list[Path]:
    """Download the package and everything it depends on; return the package files."""
    environment = {**os.environ, "APT_CONFIG": str(write_apt_configuration(folder, mirror)), "LC_ALL": "C"}
    for arguments in (["update"], ["install", "--yes", "--download-only", PACKAGE]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments], env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        if done.returncode:
            raise NoNodeError(f"apt-get {arguments[0]} failed: {done.stderr.strip()}")
    return sorted((folder / "cache/archives").glob("*.deb"))


def unpack(packages: list[Path], folder: Path) -> None:
    """Unpack all `packages` over one another into `folder`."""
    folder.mkdir()
    for package in packages:
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)


def write_wrappers(root: Path, folder: Path) -> None:
    """Write a script for each program that runs it with the loader and the libraries under `root`."""
    loaders = [path for path in root.rglob("ld-linux*.so.*") if path.is_file()]
    if not loaders:
        raise NoNodeError("the packages hold no dynamic loader")
    libraries = sorted({str(path.parent) for path in root.glob("usr/lib/**/lib*.so*") if "gconv" not in path.parts})
    for name in PROGRAMS:
        program = root / "usr/bin" / name
        command = [str(loaders[0]), "--library-path", ":".join(libraries), str(program)]
        wrapper = folder / name
        partial = folder / f"{name}.partial"
        partial.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        partial.chmod(0o755)
        partial.replace(wrapper)


def fetch_node() -> str:
    """Fetch the node into the cache folder and return its command."""
    if not (shutil.which("apt-get") and shutil.which("dpkg") and KEYRING.exists()):
        raise NoNodeError("no bitcoind here, and fetching one needs a Debian-like system; set BITCOIND to its path")
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    problems = []
    for mirror in dict.fromkeys(debian_mirrors()):
        try:
            packages = download_packages(folder / "apt", mirror)
        except (NoNodeError, subprocess.TimeoutExpired) as error:
            problems.append(str(error))
            continue
        shutil.rmtree(folder / "root", ignore_errors=True)
        unpack(packages, folder / "root")
        write_wrappers(folder / "root", folder)
        shutil.rmtree(folder / "apt")
        return shlex.quote(str(folder / "bitcoind"))
    raise NoNodeError("; ".join(problems) or "no Debian mirror in the machine's apt sources")


def version_of(command: str) -> str:
    """What the program says of itself; raises `NoNodeError` when it does not run."""
    done = subprocess.run([*shlex.split(command), "-version"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoNodeError(f"{command} does not run: {done.stderr.strip()}")
    return done.stdout.splitlines()[0]


def main() -> None:
    """Print the command line of a working node; exit 1 with the reason when there is none."""
    try:
        command = find_node() or fetch_node()
        version = version_of(command)
    except (NoNodeError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"no real node: {error}")
    print(version, file=sys.stderr)
    print(command)


if __name__ == "__main__":
    main()
