"""What is broken, long or in use ends in words, and does not take the sound things with it."""

import asyncio
import resource
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from wallet import app
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.store.folder import DataFolder


def test_a_transaction_longer_than_a_name_may_be_is_taken_for_what_it_is(cli: Cli) -> None:
    unsigned = (
        "0200000001" + "11" * 36 + "00" + "fdffffff" + "08" + 8 * ("e803000000000000" + "16" + "0014" + "22" * 20)
    )
    code, message = cli("broadcast", unsigned + "00000000").error
    assert (code, "not signed" in message) == ("refused", True), message


def test_a_damaged_wallet_does_not_hide_the_others(wallet: Cli) -> None:
    other = wallet.folder / "wallets" / "broken"
    other.mkdir()
    (other / "wallet.json").write_text("{")
    done = wallet("wallets")
    assert [row["name"] for row in done.value] == ["default"]
    assert wallet("balance").value["total"] == 0
    assert wallet("--wallet", "broken", "create").error[0] == "wallet_exists"


def test_a_damaged_wallet_alone_is_told(wallet: Cli) -> None:
    (wallet.folder / "wallets" / "default" / "wallet.json").write_text("[]")
    assert wallet("balance").error[0] == "corrupt"
    assert wallet("create").error[0] == "wallet_exists"


def test_words_that_are_no_phrase_leave_no_folder_behind(cli: Cli) -> None:
    assert cli("restore", stdin="abandon about\n").error[0] == "bad_phrase"
    assert not list((cli.folder / "wallets").iterdir())
    assert not (cli.folder / "deleted").exists()


def test_a_command_leaves_no_core_dump(cli: Cli) -> None:
    cli.ok("wallets")
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_a_second_window_hears_that_the_folder_is_in_use(tmp_path: Path) -> None:
    async def ask() -> str:
        engine = RemoteEngine.start(app.engine_main, api.EngineOptions(network="regtest", data_dir=str(tmp_path)))
        try:
            with pytest.raises(api.WrenError) as refused:
                await engine.run(api.ListWallets())
            return refused.value.code
        finally:
            await engine.close()

    with DataFolder(tmp_path).lock():
        assert asyncio.run(ask()) == "in_use"


def test_seed_words_stay_out_of_the_log_in_debug_mode(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With this variable asyncio reports slow tasks, and what they returned."""
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    words = cli.ok("create")["mnemonic"].split()
    assert "mnemonic" not in caplog.text
    assert " ".join(words[:2]) not in caplog.text
