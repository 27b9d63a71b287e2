"""Whom a CSV file pays, and what it says about a line that is wrong."""

import argparse
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_bad_input import ADDRESS, MAIN
from wallet.cli.recipients import MAX_BYTES, MAX_RECIPIENTS, Payees, payees
from wallet.engine.api import WrenError


def read(path: Path, content: str | bytes) -> Payees:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return payees(argparse.Namespace(uri=None, csv=str(path), pairs=[], label="wages", network="regtest"))


@pytest.mark.parametrize(
    "content",
    [
        f"{ADDRESS},1500\n{ADDRESS},0.001btc,for Ann\n",
        f"address,amount,label\r\n{ADDRESS},1500,\r\n\r\n {ADDRESS} , 0.001btc , for Ann \r\n",
        f'\ufeffAddress,Amount,Label\n{ADDRESS.upper()},1500\n{ADDRESS},0.001btc,"for Ann"',
    ],
)
def test_lines_of_address_amount_and_label(tmp_path: Path, content: str) -> None:
    found = read(tmp_path / "pay.csv", content)
    assert found == Payees(((ADDRESS, 1_500), (ADDRESS, 100_000)), "wages", ((ADDRESS, "for Ann"),))


def test_all_that_is_left_can_be_one_lines_amount(tmp_path: Path) -> None:
    assert read(tmp_path / "pay.csv", f"{ADDRESS},max\n").pairs == ((ADDRESS, None),)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (f"{ADDRESS},1500\n\n{MAIN},1500\n", "wrong_network", "line 3: "),
        (f"{ADDRESS},1500\n{ADDRESS[:-1]}q,1500\n", "bad_address", "line 2: "),
        (f"{ADDRESS},1500\n{ADDRESS},15 000\n", "bad_amount", "line 2: "),
        (f"{ADDRESS},1.500\n", "bad_amount", "line 1: "),
        (f"address,amount\n{ADDRESS}\n", "bad_amount", "line 2: "),
        (f"{ADDRESS},1,500,label\n", "refused", "line 1: "),
        (f"{ADDRESS},1500,{'x' * 256}\n", "refused", "line 1: "),
        (f"{ADDRESS};1500\n", "bad_amount", "line 1: "),
        ("address,amount\n", "bad_address", "names nobody"),
        ("", "bad_address", "names nobody"),
        (b"\xff\xfe\x00", "refused", "not a CSV file"),
        (f'{ADDRESS},"1500\n', "refused", "not a CSV file"),
        (f"{ADDRESS},1500\n" * (MAX_RECIPIENTS + 1), "refused", f"line {MAX_RECIPIENTS + 1}: "),
        ("x" * (MAX_BYTES + 1), "refused", "larger than"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, content: str | bytes, code: str, says: str) -> None:
    with pytest.raises(WrenError) as failure:
        read(tmp_path / "pay.csv", content)
    assert failure.value.code == code
    assert says in failure.value.message


def test_control_characters_in_a_label_are_not_taken_over(tmp_path: Path) -> None:
    (label,) = read(tmp_path / "pay.csv", f"{ADDRESS},1500,a\u202eb\x1b[2J\n").address_labels
    assert label[1].isprintable()


def test_a_file_beside_other_recipients_is_wrong_usage(wallet: Cli, tmp_path: Path) -> None:
    (tmp_path / "pay.csv").write_text(f"{ADDRESS},1500\n")
    for others in ((ADDRESS, "1"), ("--uri", f"bitcoin:{ADDRESS}")):
        assert wallet("send", "--csv", str(tmp_path / "pay.csv"), *others).code == 2
    assert wallet("send", "--csv", str(tmp_path / "pay.csv"), "--dry-run").error[0] == "insufficient_funds"
