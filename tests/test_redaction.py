"""What is nobody else's business does not get into a log or a report."""

import logging
import os
import stat
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import logs
from wallet.redaction import redact, without_secrets

TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
XPUB = "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V"

PRIVATE = {
    "segwit": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "segwit in capitals": "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "taproot on regtest": "bcrt1p94c3vs4hy6cygqtz0j5lhtpj7hy9xra3jq7vfkczykr30ys6fzqst8tcs8",
    "legacy": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "script hash": "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "txid": TXID,
    "outpoint": f"{TXID}:0",
    "raw transaction": "0200000001" + "ab" * 80,
    "psbt": "cHNidP8BAHUCAAAAASaBcTce3/KF6Tet7qSze3gADAVmy7OtZGQXE8pCFxv2AAAAAAD+////AtPf9QUAAAAAGXapFNDFmQ==",
    "xpub": XPUB,
    "descriptor": f"wpkh([73c5da0a/84h/0h/0h]{XPUB}/0/*)#abcdefgh",
    "xprv": "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVv"
    "vNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
    "wif": "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn",
    "seed words": "abandon ability able about above absent absorb abstract absurd abuse access accident",
    "link": "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?label=Rent",
    "node": "192.168.1.17:8333",
    "node of ipv6": "[2001:db8::17]:8333",
    "bare ipv6": "fe80::1ff:fe23:4567:890a",
    "onion": "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion:8333",
    "amount": "1,250,000 sat",
    "coins": "0.0125 BTC",
    "quoted label": "“Rent for May”",
    "repr of a label": "'Rent for May'",
    "onion in capitals": "2GZYXA5IHM7NSGGFXNU52RCK2VV4RVMDLKIU3ZZUI5DU4XYCLEN53WID.ONION",
    "ipv6 with a bare port": "2001:db8:0:0:0:0:0:17:8333",
    "named node": "mynode.example.org:8333",
    "node of one word": "umbrel:38333",
    "entropy": "7f7f80808182838485868788898a8b8c",
    "seed words in capitals": "ABANDON ABILITY ABLE ABOUT ABOVE ABSENT ABSORB ABSTRACT ABSURD ABUSE ACCESS ACCIDENT",
    "seed words, a line each": "abandon\nability\nable\nabout\nabove\nabsent\nabsorb\nabstract\nabuse\nact\nage\nair",
    "seed words with commas": "abandon, ability, able, about, above, absent, absorb, abstract, abuse, act, age, air",
    "seed words, numbered": "1. abandon 2. ability 3. able 4. about 5. above 6. absent 7. absorb 8. abuse 9. act "
    "10. acid 11. acoustic 12. actor",
    "seed words, numbered with colons": "1: abandon 2: ability 3: able 4: about 5: above 6: absent 7: absorb 8: abuse "
    "9: act 10: acid 11: acoustic 12: actor",
    "seed words, a numbered line each": "1: abandon\n2: ability\n3: able\n4: about\n5: above\n6: absent\n7: absorb\n"
    "8: abuse\n9: act\n10: acid\n11: acoustic\n12: actor",
    "address in groups": "bc1q w508 d6qe jxtd g4y5 r3za rvar y0c5 xw7k v8f3 t4",
    "disk": "/media/ana/backup.psbt",
    "home": "/home/ana/Documents/thing.psbt",
    "home on a mac": "/Users/ana/thing.psbt",
    "home on windows": r"C:\Users\ana\thing.psbt",
}
LEFT = {
    "disk": "ana",
    "home": "ana",
    "home on a mac": "ana",
    "home on windows": "ana",
    "descriptor": XPUB,
    "coins": "0.0125",
}

JOINED = ("segwit", "legacy", "txid", "wif", "xprv", "entropy", "node", "onion")
"""What has no place in common with the word that it is glued to."""


@pytest.mark.parametrize("kind", PRIVATE)
def test_what_is_private_is_blotted_out(kind: str) -> None:
    secret = PRIVATE[kind]
    for line in (
        f"it met {secret} and went on",
        f"it met {secret}: it went on",
        f"x={secret},y=1",
        f"it ends with {secret}.",
        f"it ends with {secret}...",
        f"address:{secret}",
        f"the_{secret}" if kind in JOINED else secret,
        secret,
    ):
        assert LEFT.get(kind, secret) not in redact(line), kind


@pytest.mark.parametrize(
    "line",
    [
        "2026-05-04 12:00:00,123 INFO wallet.spv.links: peer 4 dropped: it sent a header without work",
        "block 840000 is connected; 12 filters, 8 peers",
        "the newest blocks tell no fees: 3 of 6 are here",
        '  File "wallet/ui/main.py", line 69, in _log',
        "ZeroDivisionError: division by zero",
        "Wren 0.1.0, Python 3.11.2, Qt 6.11.2, Linux 6.1.0-18-amd64",
        "it isn't there, and the peer's answer wasn't either",
    ],
)
def test_what_helps_stays(line: str) -> None:
    assert redact(line) == line


def test_named_words_and_places_go() -> None:
    text = "wallet Savings at /data/x/wallets/Savings/wallet.db: Ana's rent, paid to ANA by mynode.lan:8333"
    clean = redact(text, words=("Savings", "ana", "mynode.lan", "x"), places=("/data/x",))
    assert not any(word in clean.lower() for word in ("savings", "ana", "mynode", "/data"))
    assert "wallet.db" in clean
    assert redact("the rent", words=("", "e", "re")) == "the rent"


WORDS = st.text(string.ascii_letters + " .:/\\-_()[]0123456789\n", max_size=60)


@given(WORDS, st.sampled_from(sorted(PRIVATE)), WORDS)
def test_twice_is_as_good_as_once(before: str, kind: str, after: str) -> None:
    once = redact(f"{before} {PRIVATE[kind]} {after}")
    assert redact(once) == once
    assert LEFT.get(kind, PRIVATE[kind]) not in once


# --- log files ---


def written(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("wallet.x", logging.INFO, "x.py", 1, text, None, None)


def test_a_log_tells_nothing_private_and_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    file = logs.LogFile(path := tmp_path / "logs" / "window.log")
    for secret in PRIVATE.values():
        file.handle(record(f"it met {secret} under {tmp_path}/wallets/mine"))
    file.close()
    text = written(path)
    assert [kind for kind, secret in PRIVATE.items() if LEFT.get(kind, secret) in text] == []
    assert str(tmp_path) not in text
    assert len(text.splitlines()) == len(PRIVATE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    file = logs.LogFile(tmp_path / "logs" / "window.log")
    for number in range(6_000):
        file.handle(record(f"line {number} " + "and so on " * 10))
    file.close()
    found = sorted((tmp_path / "logs").iterdir())
    assert [path.name for path in found] == ["window.log", "window.log.1"]
    assert all(path.stat().st_size <= logs.BYTES for path in found)
    assert "line 5999" in written(found[0])
    end = logs.tail(tmp_path, "window", 2_000)
    assert len(end) <= 2_000
    assert end.startswith("20")
    assert "line 5999" in end
    assert logs.tail(tmp_path, "nobody", 2_000) == ""


def test_a_log_that_cannot_be_written_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = logs.LogFile(tmp_path / "nowhere" / "window.log")
    root = logging.getLogger()
    root.addHandler(file)
    try:
        root.warning("something")
        root.warning("something else")
        assert file not in root.handlers
    finally:
        root.removeHandler(file)
    assert sum("cannot be written" in message for message in caplog.messages) == 1


def test_the_programs_processes_keep_logs(tmp_path: Path) -> None:
    script = (
        "import logging, sys; from pathlib import Path; from wallet import logs;"
        "logs.start('warning', Path(sys.argv[1]), 'window');"
        "logging.getLogger('x').info('kept, not said'); logging.getLogger('x').warning('said')"
    )
    home = tmp_path / "home"
    line = [sys.executable, "-c", script, str(home)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True, env={**os.environ})
    assert "said" in done.stderr
    assert "kept, not said" not in done.stderr
    kept = written(home / "logs" / "window.log")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "logs")] == [0o700, 0o700]
    assert "kept, not said" in kept
    assert "WARNING x: said" in kept


@pytest.mark.parametrize("kind", ["wif", "xprv", "seed words", "seed words in capitals", "seed words, numbered"])
def test_secrets_do_not_even_get_to_the_console(kind: str) -> None:
    for line in (PRIVATE[kind], f"the_{PRIVATE[kind]}" if kind in JOINED else f"error: {PRIVATE[kind]}."):
        assert "(secret)" in without_secrets(line)
    key = PRIVATE["xprv"]
    assert without_secrets(f"made{key}") == "made(secret)"
    assert without_secrets(f"Z{key[1:]}") == "(secret)"


@pytest.mark.parametrize(
    "piece", ["\u3000", "\u3042 ", "1 ", "abc ", "a:", "1.", "ab.", "[", "12,", "1:", "abc1:", "abc 1: ", "abc:"]
)
def test_no_text_takes_for_ever(piece: str) -> None:
    assert redact(piece * 8_000 + "!") is not None
