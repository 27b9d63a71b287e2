"""Messages between Wren's command line and the real node."""

from pathlib import Path

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren, WrenFailed

TEXT = "I own this, grüße \U0001f600"


def test_messages_are_signed_and_verified_by_the_command_line_and_by_the_node(node: RealNode, tmp_path: Path) -> None:
    wren = Wren(tmp_path / "wren", password=None)
    wren("create", "--offline")
    mine = {kind: wren("receive", "--type", kind)["address"] for kind in ("p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr")}
    signed = {kind: wren("sign-message", address, TEXT)["signature"] for kind, address in mine.items()}
    assert node.rpc("verifymessage", mine["p2pkh"], signed["p2pkh"], TEXT) is True
    nobody = Wren(tmp_path / "nobody", password=None)
    for kind, address in mine.items():
        assert nobody("verify-message", address, signed[kind], TEXT) == {"valid": True}
        assert nobody("verify-message", address, signed[kind], TEXT + "!") == {"valid": False}
    assert nobody("verify-message", mine["p2tr"], signed["p2wpkh"], TEXT) == {"valid": False}
    assert nobody("verify-message", mine["p2wpkh"], "no signature", TEXT) == {"valid": False}

    node.own_address()
    theirs = node.rpc("getnewaddress", "", "legacy")
    signature = node.rpc("signmessage", theirs, TEXT)
    assert nobody("verify-message", theirs, signature, TEXT) == {"valid": True}
    with pytest.raises(WrenFailed, match=r"not_found: .* no address of this wallet"):
        wren("sign-message", theirs, TEXT)
    with pytest.raises(WrenFailed, match="wrong_network"):
        nobody("verify-message", "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l", signature, TEXT)
    with pytest.raises(WrenFailed, match=r"refused: .*cannot be judged"):
        nobody("verify-message", mine["p2wpkh"], "pofcHNidP8=", TEXT)
