import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wallet.store.errors import StoreError
from wallet.store.folder import (
    BadWalletName,
    DamagedFile,
    DataFolder,
    InUse,
    NewerWallet,
    NoWallet,
    WalletExists,
    WalletFile,
    check_name,
    write_atomically,
)

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", ["default", "Savings 2026", "Ersparnisse - München", "貯金", "a", "x" * 64, "com10"])
def test_plain_names_are_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 65,
        "..",
        ".hidden",
        "-rf",
        "a/b",
        "a\\b",
        "a:b",
        "new\nline",
        "nul",
        "CON",
        "com1.txt",
        "dot.",
        "space ",
        " space",
        "\u202egnp",
        "a?b",
        "貯" * 70,
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadWalletName):
        check_name(name)


def test_one_name_has_one_spelling() -> None:
    assert check_name("Mu\u0308nchen") == "M\u00fcnchen"


def make(folder: DataFolder, name: str = "default") -> WalletFile:
    wallet = folder.prepare_wallet(name)
    description = WalletFile("u-1", "regtest", "file", locked=True)
    wallet.save(description)
    return description


def test_a_wallet_is_there_when_its_description_is(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    assert folder.wallets() == []
    unfinished = folder.prepare_wallet("Default")
    unfinished.vault.write_bytes(b"evidence")
    assert folder.wallets() == []
    description = make(folder, "default")
    (wallet,) = folder.wallets()
    assert (wallet.name, wallet.load()) == ("default", description)
    assert folder.wallet("DEFAULT") == wallet
    assert (tmp_path / "data/deleted/Default.1/vault.bin").read_bytes() == b"evidence"
    with pytest.raises(WalletExists) as caught:
        folder.prepare_wallet("DeFault")
    assert caught.value.code == "wallet_exists"
    with pytest.raises(NoWallet):
        folder.wallet("other")


@POSIX
def test_folders_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    make(folder)
    folder.network("regtest")
    with folder.lock():
        pass
    for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_what_is_newer_or_damaged_says_so(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    make(folder)
    wallet = folder.wallet("default")
    wallet.description.write_text('{"version": 2, "something": "else"}')
    with pytest.raises(NewerWallet):
        wallet.load()
    for damaged in ("{", "[]", '{"uuid": "u"}', '{"version": 1, "uid": 5}'):
        wallet.description.write_text(damaged)
        with pytest.raises(DamagedFile) as caught:
            wallet.load()
        assert str(wallet.description) in str(caught.value)


def test_there_is_one_writer_and_its_end_frees_the_folder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    code = f"""
import sys
from pathlib import Path
from wallet.store.folder import DataFolder
with DataFolder(Path({str(tmp_path)!r})).lock():
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(InUse) as caught, folder.lock():
            pytest.fail("two writers")
        assert caught.value.code == "in_use"
        other.kill()
        other.wait()
    with folder.lock():
        pass
    with folder.lock():
        pass


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left") as caught:
        write_atomically(path, b"new")
    assert caught.value.path == path
    assert path.read_bytes() == b"old"
