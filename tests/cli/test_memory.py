"""Requests, labels, contacts, search, statements and the rate as a user's shell sees them."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from wallet import app

PROGRAM = Path(app.__file__).parent
ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
MAIN = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


def test_requests_are_listed_put_away_and_forgotten(wallet: Cli) -> None:
    assert wallet.ok("requests") == []
    asked = wallet.ok("receive", "--label", "rent", "--amount", "0.0001btc", "--expires", "60")
    other = wallet.ok("receive", "--amount", "5")
    assert asked["address"] != other["address"]
    newest, oldest = sorted(wallet.ok("requests"), key=lambda row: row["amount"])
    assert set(oldest) == {"address", "amount", "label", "expires", "state"}
    assert (oldest["address"], oldest["amount"], oldest["label"], oldest["state"]) == (
        asked["address"], 10_000, "rent", "waiting",
    )  # fmt: skip
    assert oldest["expires"].endswith("Z")
    assert newest == {"address": other["address"], "amount": 5, "label": "", "expires": None, "state": "waiting"}
    assert [row["amount"] for row in wallet.ok("requests", "--archive", other["address"])] == [10_000]
    assert len(wallet.ok("requests", "--all")) == 2
    assert len(wallet.ok("requests", "--unarchive", other["address"])) == 2
    assert [row["amount"] for row in wallet.ok("requests", "--delete", asked["address"])] == [5]
    assert wallet("requests", "--delete", asked["address"]).error[0] == "not_found"
    assert wallet("requests", "--delete", MAIN).error[0] == "wrong_network"
    assert wallet("requests", "--delete", ADDRESS, "--archive", ADDRESS).code == 2
    assert asked["address"] in [row["address"] for row in wallet.ok("addresses")]


def test_after_twenty_unused_addresses_comes_a_warning(wallet: Cli) -> None:
    for _ in range(20):
        wallet.ok("receive")
    done = wallet("receive")
    assert (done.code, set(done.value)) == (0, {"address", "path", "uri"})
    assert done.err.startswith("warning: ")
    assert done.err.count("\n") == 1


def test_labels_go_out_and_come_in(wallet: Cli, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    lines = [
        {"type": "addr", "ref": ADDRESS, "label": "the baker"},
        {"type": "output", "ref": "ab" * 32 + ":0", "spendable": False},
        {"type": "new", "ref": "1", "more": [None, 1.5]},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = wallet.ok("labels", "import", str(file), "--dry-run")
    assert (told["changed"], told["added"], told["frozen"], told["kept"]) == (False, 1, 1, 1)
    assert wallet.ok("labels", "import", str(file)) == {**told, "changed": True}
    out = tmp_path / "out.jsonl"
    assert wallet.ok("labels", "export", str(out)) == {"file": str(out), "rows": 3}
    assert out.read_text() == file.read_text()
    file.write_text('{"type": "addr", "ref": "' + ADDRESS + '", "label": "another"}\nnonsense\n')
    code, message = wallet("labels", "import", str(file)).error
    assert (code, "line 2" in message) == ("refused", True)
    (conflict,) = wallet.ok("labels", "import", str(file), "--skip-bad")["conflicts"]
    assert conflict == {"line": 1, "type": "addr", "ref": ADDRESS, "mine": "the baker", "theirs": "another"}
    assert wallet("labels", "import", str(file), "--skip-bad", "--conflicts", "refuse").error[0] == "refused"
    wallet.ok("labels", "import", str(file), "--skip-bad", "--conflicts", "replace")
    wallet.ok("labels", "export", str(out))
    assert '"another"' in out.read_text()
    assert wallet("labels", "import", str(tmp_path / "none")).error[0] == "not_found"
    (tmp_path / "novel").write_text("once upon a time")
    assert wallet("labels", "export", str(tmp_path / "novel")).error[0] == "refused"
    wallet.ok("labels", "export", str(tmp_path / "novel"), "--overwrite")


def test_contacts(wallet: Cli) -> None:
    row = wallet.ok("contacts", "add", "Zoë", f"bitcoin:{ADDRESS}?amount=1", "--note", "bakes")
    assert row == {"name": "Zoë", "address": ADDRESS, "note": "bakes", "paid": 0, "advice": ""}
    assert wallet.ok("contacts", "list") == [row]
    own = wallet.ok("receive")["address"]
    done = wallet("contacts", "add", "me", own)
    assert (done.code, done.err) == (0, "warning: this is an address of this wallet\n")
    assert wallet.ok("contacts", "remove", "ME") == [row]
    assert wallet("contacts", "remove", "me").error[0] == "not_found"
    assert wallet("contacts", "add", "x", MAIN).error[0] == "wrong_network"
    assert wallet("contacts", "add", "x", f"bitcoin:{ADDRESS}?amount=1&amount=2").error[0] == "bad_uri"
    for wrong in (("add", "x"), ("remove",), ("list", "x"), ("remove", "x", ADDRESS)):
        assert wallet("contacts", *wrong).code == 2
    (hit,) = wallet.ok("search", "zoë")
    assert (hit["kind"], hit["reference"], hit["reason"]) == ("contact", "Zoë", "name")
    assert wallet.ok("search", "nothing like it") == []


def test_a_history_is_exported_for_a_period(wallet: Cli, tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    assert wallet.ok("history", "--export", str(file), "--since", "2025-01-01", "--until", "2025-12-31") == []
    first, opening, closing = file.read_text().splitlines()
    assert first.startswith('"time","txid","status","height","amount_sat","amount_btc"')
    assert opening.startswith('"2025-01-01T00:00:00Z","","opening"')
    assert closing.startswith('"2025-12-31T23:59:59Z","","closing"')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert wallet("history", "--export", str(tmp_path)).error[0] == "refused"
    assert wallet("history", "--since", "yesterday").code == 2
    assert wallet("history", "--overwrite").code == 2
    file.write_text("once upon a time")
    assert "--overwrite" in wallet("history", "--export", str(file)).error[1]
    wallet.ok("history", "--export", str(file), "--overwrite")


def test_the_rate(wallet: Cli, tmp_path: Path) -> None:
    balance = wallet.ok("balance")
    assert wallet.ok("rate")["source"] == "off"
    said = wallet.ok("rate", "hand", "EUR", "62000.50")
    assert (said["source"], said["currency"], said["rate"], said["error"]) == ("hand", "EUR", "62000.50", "")
    assert said["time"].endswith("Z")
    assert wallet.ok("rate", "command", "EUR", sys.executable, "-c", "print(5.25, 'EUR')")["rate"] == "5.25"
    assert wallet.ok("rate")["rate"] == "5.25"
    (tmp_path / "rate").write_text("7 EUR 2025-01-31\n")
    assert wallet.ok("rate", "file", "EUR", str(tmp_path / "rate"))["time"] == "2025-01-31T00:00:00Z"
    wallet.ok("history", "--export", str(tmp_path / "h.csv"))
    assert '"rate_EUR_per_btc"' in (tmp_path / "h.csv").read_text()
    assert wallet.ok("balance") == balance
    assert wallet.ok("rate", "off")["source"] == "off"
    assert wallet("rate", "hand", "EUR", "1e3").error[0] == "refused"
    assert wallet("rate", "command", "EUR", "curl").error[0] == "refused"
    for wrong in (("hand",), ("hand", "EUR"), ("off", "EUR"), ("network", "EUR", "1")):
        assert wallet("rate", *wrong).code == 2


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.08, 0.12, 0.2, 0.3])
def test_ctrl_c_while_the_program_starts_ends_it_in_one_line(wallet: Cli, delay: float) -> None:
    line = [sys.executable, "-m", "wallet", "--network", "regtest", "--data-dir", str(wallet.folder)]
    process = subprocess.Popen(
        [*line, "--no-password", "--peer", "127.0.0.1:1", "sync"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while b"wallet" not in Path(f"/proc/{process.pid}/cmdline").read_bytes():
        time.sleep(0.001)
    time.sleep(delay)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    if not told or ("Traceback" in told and str(PROGRAM) not in told):
        return  # Python itself had not started yet
    assert told == "error: stopped; nothing was lost\n"
    # Python ends by the signal when it came while source text was compiled (dataclasses), whoever caught it.
    assert process.returncode in {1, -signal.SIGINT}


@pytest.mark.parametrize("text", ["1_000", "1e3", "\u0663", "+5", " 5", "", "0x10", "5.", "inf"])
def test_numbers_are_ascii_digits_and_nothing_that_only_python_reads(wallet: Cli, text: str) -> None:
    for name in ("--fee", "--accept-fee"):
        assert wallet("send", ADDRESS, "1000", name, text, "--dry-run").code == 2
    assert wallet("send", ADDRESS, "1000", "--fee-rate", text, "--dry-run").error[0] == "bad_amount"
