"""Two of three: Wren holds one key, two wallets of the real node the others; from receiving to the mined spend."""

from pathlib import Path
from typing import Any

import pytest

from tests.realnode.node import RealNode
from tests.realnode.wren import Wren, WrenFailed
from wallet.bitcoin.descriptor import add_checksum
from wallet.bitcoin.hashes import sha256
from wallet.bitcoin.hdkey import HARDENED, KeyOrigin
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt
from wallet.keys.hdprivate import ExtendedPrivateKey

PATH = (48 + HARDENED, 1 + HARDENED, HARDENED, 2 + HARDENED)
SHAPES = {"p2wsh": "wsh({})", "p2sh-p2wsh": "sh(wsh({}))"}
MINER = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


def keys_of(name: str) -> tuple[str, str]:
    """The account's key expression, public and private."""
    master = ExtendedPrivateKey.from_seed(sha256(name.encode()))
    account = master.derive_path(PATH)
    origin = f"[{KeyOrigin(master.fingerprint, PATH)}]"
    return origin + account.public().to_text(REGTEST), origin + account.to_text(REGTEST)


class Signers:
    """The three signers of one descriptor: `wren`, and the node's wallets `names`."""

    def __init__(self, node: RealNode, folder: Path, kind: str) -> None:
        self.node = node
        self.kind = kind
        self.keys = [keys_of(f"{kind} {place}") for place in range(3)]
        self.names = [f"{kind}-1", f"{kind}-2"]
        for place, name in enumerate(self.names, 1):
            node.rpc("createwallet", name, False, True)
            imports = [
                {
                    "desc": self.descriptor(f"/{branch}/*", holder=place),
                    "timestamp": "now",
                    "active": False,
                    "internal": bool(branch),
                    "range": [0, 50],
                }
                for branch in (0, 1)
            ]
            assert all(each["success"] for each in node.rpc("importdescriptors", imports, wallet=name))
        self.wren = Wren(folder / "wren", peers=(node.address,), password=None)
        restored = self.wren("restore", stdin=self.descriptor("/<0;1>/*", holder=0))
        assert (restored["kind"], restored["watch_only"]) == ("descriptor", False)
        self.watch = Wren(folder / "watch", peers=(node.address,), password=None)
        assert self.watch("restore", stdin=self.descriptor("/<0;1>/*"))["watch_only"] is True

    def descriptor(self, path: str, holder: int | None = None) -> str:
        keys = [private if place == holder else public for place, (public, private) in enumerate(self.keys)]
        inside = f"sortedmulti(2,{','.join(key + path for key in keys)})"
        return add_checksum(SHAPES[self.kind].format(inside))

    def process(self, place: int, psbt: str, sign: bool = True) -> str:
        answer: str = self.node.rpc("walletprocesspsbt", psbt, sign, "ALL", True, False, wallet=self.names[place])[
            "psbt"
        ]
        return answer

    def mine(self) -> None:
        self.node.mine(1, MINER)
        self.node.wait_for_filters()
        for each in (self.wren, self.watch):
            each("sync", "--timeout", "60")


@pytest.mark.parametrize("kind", SHAPES)
def test_two_of_three_with_the_node_from_receiving_to_the_mined_spend(
    node: RealNode, tmp_path: Path, kind: str
) -> None:
    node.mine(110)
    signers = Signers(node, tmp_path, kind)
    wren, watch = signers.wren, signers.watch
    assert [row["descriptor"] for row in wren("descriptors")] == [signers.descriptor(f"/{n}/*") for n in (0, 1)]
    private = [row["descriptor"] for row in wren("descriptors", "--private")]
    assert private == [signers.descriptor(f"/{n}/*", holder=0) for n in (0, 1)]
    first = wren("receive")
    assert watch("receive")["address"] == first["address"]
    assert node.rpc("getaddressinfo", first["address"], wallet=signers.names[0])["ismine"]
    for amount, address in ((400_000, first["address"]), (300_000, wren("receive")["address"])):
        node.rpc("sendtoaddress", address, f"0.{amount:08}", wallet="test")
    signers.mine()
    assert wren("balance")["total"] == watch("balance")["total"] == 700_000
    assert {row["type"] for row in wren("addresses")} == {kind}

    with pytest.raises(WrenFailed, match="refused"):
        wren("send", MINER, "100000", "--fee-rate", "3", "--offline")
    files = [tmp_path / name for name in ("made", "ours", "theirs", "both", "done")]
    made, ours, theirs, both, done = map(str, files)
    created = watch("psbt", "create", MINER, "500000", "--fee-rate", "3", "--out", made, "--psbt-version", "0")
    assert Psbt.parse(files[0].read_bytes()).to_base64() == created["psbt"]
    shown = wren("psbt", "show", made)
    assert (shown["amount"], shown["fee"], shown["complete"], shown["warnings"]) == (500_000, created["fee"], False, [])
    assert [(row["own"], row["signatures"], row["needed"]) for row in shown["inputs"]] == [(True, 0, 2)] * 2
    assert sorted(row["change"] for row in shown["outputs"]) == [False, True]
    decoded = node.rpc("decodepsbt", created["psbt"])
    assert [len(each["bip32_derivs"]) for each in decoded["inputs"]] == [3, 3]
    assert sorted(len(each.get("bip32_derivs", [])) for each in decoded["outputs"]) == [0, 3]

    signed = wren("psbt", "sign", made, "--out", ours)
    assert (signed["signed"], signed["complete"]) == (2, False)
    files[2].write_text(signers.process(0, created["psbt"]))
    combined = wren("psbt", "combine", ours, theirs, "--out", both)
    assert combined["complete"] is True
    theirs_combined = Psbt.from_base64(node.rpc("combinepsbt", [signed["psbt"], files[2].read_text()]))
    assert theirs_combined.finalize().extract() == Psbt.from_base64(combined["psbt"]).finalize().extract()
    assert [row["signatures"] for row in wren("psbt", "show", both)["inputs"]] == [2, 2]
    finished = wren("psbt", "finalize", both, "--out", done)
    assert finished["complete"] is True
    extracted = wren("psbt", "extract", done)
    assert extracted["hex"] == node.rpc("finalizepsbt", combined["psbt"])["hex"]
    (accepted,) = node.rpc("testmempoolaccept", [extracted["hex"]])
    assert accepted["allowed"], accepted
    assert created["vsize"] - 6 <= accepted["vsize"] <= created["vsize"]
    assert wren("broadcast", done)["txid"] == extracted["txid"]
    signers.mine()
    expected = 700_000 - 500_000 - created["fee"]
    assert wren("balance")["confirmed"] == watch("balance")["confirmed"] == expected
    assert node.rpc("getbalances", wallet=signers.names[1])["mine"]["trusted"] * 10**8 == expected
    (row,) = [row for row in wren("history") if row["txid"] == extracted["txid"]]
    assert (row["amount"], row["proven"]) == (-500_000 - created["fee"], True)
    sign_what_the_node_made(signers, tmp_path / "node.psbt")


def sign_what_the_node_made(signers: Signers, file: Path) -> None:
    """The other way round: the node prepares and signs, Wren signs last."""
    options = {"fee_rate": 2, "includeWatching": True, "change_position": 1}
    (coin,) = signers.wren("coins")
    txid, _, index = coin["outpoint"].partition(":")
    spent = [{"txid": txid, "vout": int(index)}]
    change = signers.wren("receive")["address"]
    options["changeAddress"] = change
    outputs: list[dict[str, Any]] = [{MINER: "0.0005"}]
    made = signers.node.rpc("walletcreatefundedpsbt", spent, outputs, 0, options, True, wallet=signers.names[1])
    file.write_text(signers.process(1, made["psbt"]))
    before = signers.wren("psbt", "show", str(file))
    assert [(row["own"], row["change"]) for row in before["outputs"]] == [(False, False), (True, False)]
    signed = signers.wren("psbt", "sign", str(file))
    assert (signed["signed"], signed["complete"]) == (1, True)
    final = signers.node.rpc("finalizepsbt", signed["psbt"])
    assert final["complete"]
    assert signers.node.rpc("testmempoolaccept", [final["hex"]])[0]["allowed"]
