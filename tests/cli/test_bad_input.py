"""Whatever a user types wrong ends in one line that says so, with a stable code, and nothing is lost."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from wallet.engine.api import ERROR_CODES
from wallet.store.folder import DataFolder

ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
MAIN = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
TESTNET = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

# arguments, code, what the line must say
PAYMENTS = [
    ((ADDRESS, "abc"), "bad_amount", "satoshis"),
    ((ADDRESS, "1.5"), "bad_amount", "satoshis"),
    ((ADDRESS, "1e3"), "bad_amount", "satoshis"),
    ((ADDRESS, "0x10"), "bad_amount", "satoshis"),
    ((ADDRESS, ""), "bad_amount", "satoshis"),
    ((ADDRESS, "-5"), "bad_amount", "satoshis"),
    ((ADDRESS, "0"), "bad_amount", "0 satoshis"),
    ((ADDRESS, "0.000000001btc"), "bad_amount", "8 decimal places"),
    ((ADDRESS, "21000001btc"), "bad_amount", "21,000,000"),
    ((ADDRESS, "99999999999999999999999"), "bad_amount", "satoshis"),
    ((ADDRESS, "10", "--fee", "-1"), "bad_amount", "fee"),
    ((ADDRESS, "1000", "--fee-rate", "nan"), "bad_amount", "'nan'"),
    ((ADDRESS, "1000", "--fee-rate", "-1"), "bad_amount", "'-1'"),
    ((ADDRESS, "1000", "--fee", "200", "--fee-rate", "2"), "bad_amount", "not both"),
    ((ADDRESS, "max", ADDRESS, "max"), "bad_amount", "recipient"),
    ((ADDRESS, "293"), "dust", "294"),
    ((ADDRESS, "100000"), "insufficient_funds", "0 satoshis can be spent"),
    ((ADDRESS, "max"), "insufficient_funds", "0 satoshis can be spent"),
    (("nonsense", "1000"), "bad_address", "address"),
    ((ADDRESS[:-1] + "q", "1000"), "bad_address", "checksum"),
    ((ADDRESS.replace("q", "Q", 1), "1000"), "bad_address", "capital and small"),
    ((MAIN, "1000"), "wrong_network", "Mainnet"),
    (("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "1000"), "wrong_network", "Mainnet"),
    ((TESTNET, "1000"), "wrong_network", "Testnet 4, Testnet 3 or Signet"),
    ((ADDRESS, "1000", "--coin", "x:y"), "not_found", "TXID:N"),
    ((ADDRESS, "1000", "--coin", f"{'ab' * 32}:0"), "not_found", "ab:0"),
    (("--uri", "http://example.org"), "bad_uri", "bitcoin:"),
    (("--uri", f"bitcoin:{ADDRESS}?amount=1,5"), "bad_uri", "amount"),
    (("--uri", f"bitcoin:{ADDRESS}?amount=1&amount=2"), "bad_uri", "twice"),
    (("--uri", f"bitcoin:{ADDRESS}?amount=1&req-new=2"), "bad_uri", "req-new"),
    (("--uri", f"bitcoin:{ADDRESS}"), "bad_amount", "no amount"),
    (("--uri", f"bitcoin:{MAIN}?amount=1"), "wrong_network", "Mainnet"),
    (("--uri", "bitcoin:nonsense?amount=1"), "bad_address", "address"),
    ((ADDRESS, "1000", "--fee-rate", "fastest"), "bad_amount", "fast, normal, slow"),
    ((ADDRESS, "1000", "--note", "x" * 81), "bad_amount", "80 bytes"),
    ((ADDRESS, "1000", "--note", "\ud800"), "refused", "note"),
    ((ADDRESS, "1000", "--label", "x" * 256), "refused", "255"),
    (("--csv", "nowhere.csv"), "not_found", "nowhere.csv"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), PAYMENTS, ids=[" ".join(row[0])[-50:] for row in PAYMENTS])
def test_a_payment_that_cannot_be(wallet: Cli, arguments: tuple[str, ...], code: str, says: str) -> None:
    got, message = wallet("send", *arguments, "--dry-run").error
    assert (got, says in message) == (code, True), message


PHRASES = [
    (WORDS.replace("about", "abuot"), "12"),
    ("zebrafish " + WORDS[8:], "1"),
    (WORDS.replace("about", "abandon"), "checksum"),
    (WORDS.rsplit(" ", 1)[0], "11"),
    ("", ""),
    ("not a phrase", ""),
    ("xprvnonsense", ""),
]


@pytest.mark.parametrize(("text", "says"), PHRASES)
def test_words_that_are_no_phrase(cli: Cli, text: str, says: str) -> None:
    code, message = cli("restore", stdin=text + "\n").error
    assert code == "bad_phrase"
    assert says in message
    assert "Wren met" not in message
    assert cli.ok("wallets") == []
    assert not any((cli.folder / "wallets").glob("*"))


def test_a_wrong_word_is_named_by_its_place_and_not_repeated_whole(cli: Cli) -> None:
    _, message = cli("restore", stdin=WORDS.replace("about", "abuot")).error
    assert re.search(r"\b12\b", message) or "abuot" in message
    assert "abandon abandon" not in message


def test_what_is_not_text_is_no_phrase(cli: Cli) -> None:
    assert cli("restore", stdin=b"\xff\xfe\x00words").error[0] == "bad_phrase"


def test_a_wallet_that_exists_already_is_left_alone(wallet: Cli, mnemonic: str) -> None:
    before = {path: path.read_bytes() for path in (wallet.folder / "wallets").rglob("*") if path.is_file()}
    for arguments, stdin in ((("create",), ""), (("restore",), WORDS), (("--wallet", "DEFAULT", "create"), "")):
        code, message = wallet(*arguments, stdin=stdin).error
        assert code == "wallet_exists"
        assert "--wallet" in message
    assert {path: path.read_bytes() for path in (wallet.folder / "wallets").rglob("*") if path.is_file()} == before
    assert wallet.ok("restore", "--wallet", "again", stdin=mnemonic)["kind"] == "bip39"


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "con", ".hidden", "x" * 65, "tab\there", "nul\0byte"])
def test_names_that_no_wallet_can_have(cli: Cli, name: str) -> None:
    code, message = cli("--wallet", name, "create").error
    assert code == "refused"
    assert "name" in message or "reserved" in message
    assert list(cli.folder.parent.iterdir()) in ([], [cli.folder])


def test_a_wallet_that_is_not_there(wallet: Cli) -> None:
    code, message = wallet("--wallet", "nope", "balance").error
    assert (code, "'nope'" in message) == ("no_wallet", True)
    wallet.folder = wallet.folder / "elsewhere"
    code, message = wallet("balance").error
    assert (code, "wren create" in message) == ("no_wallet", True)


def test_several_wallets_have_to_be_told_apart(wallet: Cli) -> None:
    (wallet.folder / "wallets" / "default").rename(wallet.folder / "wallets" / "one")
    wallet.ok("--wallet", "two", "create")
    code, message = wallet("balance").error
    assert (code, "one, two" in message) == ("no_wallet", True)


def test_the_wallet_of_another_network_is_named(wallet: Cli) -> None:
    wallet.network = "signet"
    assert wallet("balance").error[0] == "no_wallet"
    code, message = wallet("--wallet", "default", "balance").error
    assert (code, "--network regtest" in message) == ("wrong_network", True)


def test_an_account_that_is_not_there(wallet: Cli) -> None:
    assert wallet("--account", "3", "balance").error[0] == "not_found"
    assert wallet("--account", "0", "balance").code == 0


def test_a_wrong_password_opens_nothing_and_the_right_one_still_does(locked: Cli, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    for text in ("incorrect horse\n", "\n"):
        wrong.write_text(text)
        for command in (("balance",), ("descriptors", "--private"), ("sync",)):
            code, _ = locked("--password-file", str(wrong), *command).error
            assert code == "bad_password"
    assert locked("--no-password", "balance").error[0] == "bad_password"
    assert locked("--password-file", str(tmp_path / "missing"), "balance").error[0] == "bad_password"
    assert locked.ok("balance")["total"] == 0


def test_without_a_terminal_nothing_prompts(locked: Cli, mnemonic: str) -> None:
    locked.options = ()
    for arguments in (("balance",), ("--wallet", "b", "create"), ("descriptors", "--private")):
        code, message = locked(*arguments).error
        assert (code, "--password-file" in message) == ("bad_password", True)
    assert locked("--wallet", "c", "restore", stdin=mnemonic).error[0] == "bad_password"


def test_a_second_writer_is_told_and_readers_are_not(wallet: Cli) -> None:
    with DataFolder(wallet.folder).lock():
        for command in (("receive",), ("sync",), ("--wallet", "b", "create"), ("send", ADDRESS, "1000")):
            code, message = wallet(*command).error
            assert (code, "another Wren" in message) == ("in_use", True)
        for reader in ("wallets", "status", "balance", "addresses", "coins", "history", "descriptors"):
            assert wallet(reader).code == 0
    assert wallet("receive").code == 0


FILES = [
    (("psbt", "show"), b"cHNidA==", "bad_psbt"),
    (("psbt", "show"), b"\xff\x00\x01", "bad_psbt"),
    (("psbt", "show"), b"psbt\xff\x01", "bad_psbt"),
    (("psbt", "sign"), b"cHNidP8=", "bad_psbt"),
    (("psbt", "combine"), b"psbt\xff", "bad_psbt"),
    (("psbt", "finalize"), b"cHNidP8A", "bad_psbt"),
    (("psbt", "extract"), b"\x00" * 20, "bad_psbt"),
    (("broadcast",), b"cHNidP8A", "bad_psbt"),
    (("broadcast",), b"psbt\xff", "bad_psbt"),
    (("psbt", "sign"), b"", "bad_psbt"),
    (("verify-proof",), b"not json", "corrupt"),
    (("verify-proof",), b"[1, 2]", "corrupt"),
    (("verify-proof",), b"[" * 100_000, "corrupt"),
    (("verify-proof",), b"\xff\xfe\xfd", "corrupt"),
    (("broadcast",), b"zz", "refused"),
    (("broadcast",), b"00" * 60, "refused"),
]


@pytest.mark.parametrize(("command", "content", "code"), FILES)
def test_files_that_are_not_what_they_should_be(
    wallet: Cli, tmp_path: Path, command: tuple[str, ...], content: bytes, code: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert wallet(*command, str(file)).error[0] == code
    assert wallet(*command, str(tmp_path / "missing")).error[0] == "not_found"


def test_a_proof_document_without_sense_is_an_answer(wallet: Cli, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    for text in ("{}", '{"txid": 3, "height": "x"}', '{"txid": "ab", "height": true, "branch": {}}'):
        file.write_text(text)
        verdict = wallet.ok("verify-proof", str(file))
        assert (verdict["valid"], verdict["known"]) == (False, False)
        assert set(verdict) == {"valid", "known", "txid", "height", "confirmations"}


def test_a_transaction_that_is_not_ours(wallet: Cli) -> None:
    assert wallet("proof", "zz").error[0] == "not_found"
    assert wallet("proof", "ab" * 32).error[0] == "not_found"
    assert wallet("broadcast", "0102").error[0] == "refused"


def test_receive_refuses_what_cannot_be_asked_for(wallet: Cli) -> None:
    for amount in ("0", "-1", "x", "22000000btc"):
        assert wallet("receive", "--amount", amount).error[0] == "bad_amount"
    assert wallet("receive", "--label", "x" * 256).error[0] == "refused"
    assert wallet.ok("addresses") == []


def test_offline_never_connects(wallet: Cli) -> None:
    assert wallet("--offline", "sync").error[0] == "no_peers"
    assert wallet("--offline", "peers").error[0] == "no_peers"


@pytest.mark.parametrize("timeout", ["1", "0.5"])
def test_nobody_to_talk_to(wallet: Cli, timeout: str) -> None:
    peer = ("--peer", "127.0.0.1:1")
    assert wallet(*peer, "sync", "--timeout", timeout).error[0] == "no_peers"
    assert wallet(*peer, "send", ADDRESS, "1000", "--timeout", timeout).error[0] == "no_peers"
    assert wallet(*peer, "broadcast", "00", "--timeout", timeout).error[0] == "refused"
    assert wallet.ok("balance")["total"] == 0


def test_a_damaged_wallet_is_named_and_kept(wallet: Cli) -> None:
    database = wallet.folder / "wallets" / "default" / "wallet.db"
    damaged = bytearray(database.read_bytes())
    damaged[:4096] = b"\x5a" * 4096
    database.write_bytes(damaged)
    for command in ("balance", "sync", "receive"):
        code, message = wallet(command).error
        assert (code, str(database.parent) in message) == ("corrupt", True)
    kept = [path.read_bytes() for path in database.parent.rglob("wallet.db*") if path.is_file()]
    assert bytes(damaged) in kept


def test_a_flipped_byte_anywhere_in_a_wallet_is_noticed_or_does_no_harm(wallet: Cli) -> None:
    wallet.ok("receive", "--label", "Rent")
    database = wallet.folder / "wallets" / "default" / "wallet.db"
    whole, rows = database.read_bytes(), wallet.ok("addresses")
    noticed = 0
    for part in range(8):
        damaged = bytearray(whole)
        damaged[part * len(whole) // 8 + 100] ^= 0x40
        database.write_bytes(damaged)
        done = wallet("addresses")
        if done.code == 0:
            assert done.value == rows
        else:
            assert done.error[0] == "corrupt"
            noticed += 1
    assert noticed
    database.write_bytes(whole)
    assert wallet.ok("addresses") == rows


def test_a_reader_that_leaves_early_is_met_in_silence(wallet: Cli) -> None:
    line = [sys.executable, "-m", "wallet", "--network", "regtest", "--data-dir", str(wallet.folder), "wallets"]
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb") as left:
        done = subprocess.run(line, stdout=left, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"uuid": 3}', b"\xff"])
def test_a_damaged_description_of_a_wallet_is_named_and_kept(wallet: Cli, content: bytes) -> None:
    file = wallet.folder / "wallets" / "default" / "wallet.json"
    file.write_bytes(content)
    code, message = wallet("balance").error
    assert (code, str(file) in message) == ("corrupt", True)
    assert file.read_bytes() == content
    assert wallet("create").error[0] in {"wallet_exists", "corrupt"}


def test_a_lost_vault_says_what_brings_it_back(locked: Cli) -> None:
    (locked.folder / "wallets" / "default" / "vault.bin").unlink()
    assert locked("descriptors", "--private").error[0] == "not_found"


USAGE = [
    ("nonsense",),
    ("send",),
    ("send", ADDRESS),
    ("send", ADDRESS, "1000", ADDRESS),
    ("send", "--uri", "bitcoin:x", ADDRESS, "1"),
    ("send", ADDRESS, "1000", "--timeout", "0"),
    ("create", "--words", "13"),
    ("restore", "--birthday", "yesterday"),
    ("receive", "--type", "p2sh"),
    ("receive", "--expires", "-5"),
    ("sync", "--timeout", "soon"),
    ("psbt", "explode", "x"),
    ("--network", "moon", "balance"),
    ("balance", "extra"),
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_usage_exits_with_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "usage: wren" in done.err
    assert "Traceback" not in done.err
    assert not cli.folder.exists()


def test_errors_without_json_leave_stdout_empty(wallet: Cli) -> None:
    done = wallet("send", MAIN, "1000", "--dry-run", as_json=False)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


def test_control_characters_are_not_printed(wallet: Cli) -> None:
    done = wallet("--wallet", "\x1b[31mred\u202e", "balance")
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err


def test_every_code_of_the_tables_is_one_of_the_contract() -> None:
    assert {row[1] for row in PAYMENTS} | {row[2] for row in FILES} <= ERROR_CODES


@pytest.mark.parametrize("content", [b"", b'{"own_node_regtest": "192.0.2.7:1', b"\xff\x00garbage"])
def test_after_damage_to_the_settings_nobody_is_talked_to_but_who_is_named(wallet: Cli, content: bytes) -> None:
    (wallet.folder / "settings.json").write_bytes(content)
    assert wallet.ok("balance")
    for command in ("sync", "peers", "fees"):
        code, message = wallet(command).error
        assert (code, "settings file was damaged" in message, "--peer" in message) == ("refused", True, True)
    assert wallet("--peer", "127.0.0.1:1", "sync", "--timeout", "0.3").error[0] == "no_peers"
