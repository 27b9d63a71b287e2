"""PSBTs between Wren's command line and the real node, all four kinds of one key at once, in both directions."""

from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren, WrenFailed
from wallet.bitcoin.hashes import sha256
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt
from wallet.keys.hdprivate import ExtendedPrivateKey

KINDS = ("p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr")
MINER = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
THEIRS = "same-keys"


def test_each_signs_what_the_other_prepared(node: RealNode, tmp_path: Path) -> None:
    node.mine(110)
    key = ExtendedPrivateKey.from_seed(sha256(b"keys of both")).to_text(REGTEST)
    wren = Wren(tmp_path / "wren", peers=(node.address,), password=None)
    wren("restore", stdin=key)
    node.rpc("createwallet", THEIRS, False, True)
    rows = wren("descriptors", "--private")
    imports = [
        {"desc": row["descriptor"], "timestamp": "now", "range": [0, 30], "internal": row["change"]} for row in rows
    ]
    assert all(each["success"] for each in node.rpc("importdescriptors", imports, wallet=THEIRS))
    watch = Wren(tmp_path / "watch", peers=(node.address,), password=None)
    watch("restore", stdin="\n".join(row["descriptor"] for row in wren("descriptors")))
    for kind in KINDS:
        node.rpc("sendtoaddress", wren("receive", "--type", kind)["address"], "0.001", wallet="test")
    node.mine(1, MINER)
    node.wait_for_filters()
    for each in (wren, watch):
        each("sync", "--timeout", "60")
    sent_by_the_nodes_signature(node, watch, tmp_path)
    signed_by_wren(node, wren, tmp_path)


def sent_by_the_nodes_signature(node: RealNode, watch: Wren, folder: Path) -> None:
    """Watch-only Wren prepares, in both versions; the node signs; Wren finishes."""
    with pytest.raises(WrenFailed, match=r"refused: .*only watches"):
        watch("send", MINER, "1000", "--offline", "--fee-rate", "2")
    made = watch("psbt", "create", MINER, "max", "--fee-rate", "2", "--out", str(folder / "made"))
    assert list(made) == ["psbt", "fee", "fee_rate", "vsize", "amount", "change"]
    assert (made["amount"], made["change"]) == (400_000 - made["fee"], 0)
    analysed = node.rpc("analyzepsbt", made["psbt"])
    assert all(each["has_utxo"] for each in analysed["inputs"])
    # Of taproot inputs the node's analysis never says more than "updater".
    assert sorted(each["next"] for each in analysed["inputs"]) == ["signer", "signer", "signer", "updater"]
    assert round(analysed["fee"] * 10**8) == made["fee"]
    answer = node.rpc("walletprocesspsbt", made["psbt"], True, "DEFAULT", True, False, wallet=THEIRS)
    (folder / "signed").write_text(answer["psbt"])
    assert watch("psbt", "show", str(folder / "signed"))["complete"] is True
    second = Psbt.from_base64(made["psbt"]).to_version(2)
    (folder / "second").write_bytes(second.serialize())
    combined = watch("psbt", "combine", str(folder / "second"), str(folder / "signed"))
    assert (Psbt.from_base64(combined["psbt"]).version, combined["complete"]) == (2, True)
    (folder / "combined").write_text(combined["psbt"])
    extracted = watch("psbt", "extract", str(folder / "combined"))
    assert extracted["hex"] == node.rpc("finalizepsbt", answer["psbt"])["hex"]
    assert node.rpc("testmempoolaccept", [extracted["hex"]])[0]["allowed"]


def signed_by_wren(node: RealNode, wren: Wren, folder: Path) -> None:
    """The node prepares, with all that it knows or with nothing; Wren adds what is missing and signs."""
    coins = [coin["outpoint"].split(":") for coin in wren("coins")]
    spent: list[dict[str, Any]] = [{"txid": txid, "vout": int(index)} for txid, index in coins]
    outputs = [{MINER: "0.00398"}]
    bare = node.rpc("createpsbt", spent, outputs)
    known = node.rpc("walletprocesspsbt", bare, False, "DEFAULT", True, False, wallet=THEIRS)["psbt"]
    for number, psbt in enumerate((bare, node.rpc("utxoupdatepsbt", bare), known)):
        file = folder / str(number)
        file.write_text(psbt)
        signed = wren("psbt", "sign", str(file))
        assert (signed["signed"], signed["complete"]) == (4, True)
        decoded = node.rpc("decodepsbt", signed["psbt"])
        assert all("unknown" not in each for each in [*decoded["inputs"], *decoded["outputs"]])
        final = node.rpc("finalizepsbt", signed["psbt"])
        assert final["complete"]
        (accepted,) = node.rpc("testmempoolaccept", [final["hex"]])
        assert accepted["allowed"], accepted
        (folder / "done").write_text(signed["psbt"])
        finished = wren("psbt", "finalize", str(folder / "done"))
        assert Psbt.from_base64(finished["psbt"]).extract().serialize().hex() == final["hex"]
    with pytest.raises(WrenFailed, match=r"bad_psbt: .*not signed and finished"):
        wren("psbt", "extract", str(folder / "1"))
    (folder / "other").write_text(node.rpc("createpsbt", spent[:2], outputs))
    with pytest.raises(WrenFailed, match=r"bad_psbt: .*different transactions"):
        wren("psbt", "combine", str(folder / "0"), str(folder / "other"))
