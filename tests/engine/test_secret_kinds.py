"""A text that cannot be restored from yet is called by its name."""

import pytest

from wallet.engine.secret_kinds import other_kind

XPUB = "tpubDDJ4wdC63Wn5zhvC9UwZvudFapxj4P2FzXT2q9G92BSoPqJphcYYFY2ccACG2bAJfURPsncwb4vaWAUyy6yYU41zp8T5bDphPp8FPimQM3S"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (XPUB, "extended public key"),
        (f"  {XPUB}\n", "extended public key"),
        ("z" + XPUB[1:], "extended public key"),
        ("zprv" + XPUB[4:], "SLIP132"),
        (f"wpkh([0be68f7b/84h/1h/0h]{XPUB}/0/*)", "descriptor"),
        (f"sh(wpkh(\n{XPUB}))", "descriptor"),
        ("cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA", "WIF"),
    ],
)
def test_it_is_called_by_its_name(text: str, name: str) -> None:
    said = other_kind(text)
    assert said is not None
    assert name in said
    assert XPUB not in said


@pytest.mark.parametrize("text", ["", "abandon ability able", "tprv" + XPUB[4:], "xprv" + XPUB[4:], "あいこくしん"])
def test_what_may_be_a_phrase_or_a_master_key_goes_on(text: str) -> None:
    assert other_kind(text) is None
