"""What a crash left of a wallet is told from a wallet, and from another data folder's."""

import shutil
from pathlib import Path

from wallet.store.folder import DataFolder, WalletFile, WalletFolder
from wallet.store.staging import erase, publish, stage, staged, sweep, unpublish

DESCRIPTION = WalletFile("u-1", "regtest", "keyring")


def made(folder: DataFolder, name: str = "default") -> WalletFolder:
    wallet = folder.prepare_wallet(name)
    stage(folder, wallet, DESCRIPTION)
    (wallet.path / "recovery.key").write_bytes(b"key")
    return wallet


def test_a_folder_is_staged_until_it_is_published_and_again_once_it_is_not(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    wallet = made(folder)
    assert (folder.wallets(), staged(folder)) == ([], [(wallet, DESCRIPTION)])
    publish(wallet, DESCRIPTION)
    assert (folder.wallets(), staged(folder)) == ([wallet], [])
    unpublish(folder, wallet, DESCRIPTION)
    assert (folder.wallets(), staged(folder)) == ([], [(wallet, DESCRIPTION)])
    erase(wallet, keep_marker=True)
    assert staged(folder) == [(wallet, DESCRIPTION)]
    erase(wallet)
    assert not wallet.path.exists()


def test_in_a_copy_of_the_data_folder_a_marker_means_nothing(tmp_path: Path) -> None:
    made(DataFolder(tmp_path / "data"))
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    assert staged(DataFolder(tmp_path / "copy")) == []
    assert len(staged(DataFolder(tmp_path / "data"))) == 1


def test_what_was_moved_out_of_the_way_is_still_known(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    made(folder)
    publish(made(folder), DESCRIPTION)
    ((moved, _),) = staged(folder)
    assert moved.path == tmp_path / "deleted" / "default.1"


def test_a_wallet_keeps_no_marker_and_a_folder_that_was_never_marked_keeps_its_files(tmp_path: Path) -> None:
    """A marker that stayed would cost the wallet its files if its description were ever lost."""
    folder = DataFolder(tmp_path)
    wallet = made(folder)
    wallet.save(DESCRIPTION)  # killed before the marker went
    empty, evidence = folder.prepare_wallet("empty"), folder.prepare_wallet("evidence")
    evidence.database.write_bytes(b"a wallet whose description was lost")
    sweep(folder)
    wallet.description.unlink()
    assert staged(folder) == []
    assert wallet.recovery_key.exists()
    assert evidence.database.exists()
    assert not empty.path.exists()


def test_a_damaged_marker_marks_nothing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    wallet = made(folder)
    (wallet.path / "staged.json").write_text('{"root": 5')
    assert staged(folder) == []
