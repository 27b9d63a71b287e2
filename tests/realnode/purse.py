"""A wallet of Wren's own parts beside a real node: its ledger reads the node's blocks, its signer signs, in process."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from tests.ledger.world import MemoryStore
from tests.realnode.node import RealNode
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.amount import Sats
from wallet.bitcoin.block import Block
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import Transaction
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.seed import PURPOSES, account_descriptors, mnemonic_to_seed
from wallet.keys.signer import sign_psbt
from wallet.ledger.keychain import Account, ScriptRef
from wallet.ledger.ledger import Ledger
from wallet.ledger.mending import Mender
from wallet.ledger.payment import PaymentDraft, PaymentIntent, build

WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
KINDS = tuple(PURPOSES)


def coins(sats: Sats) -> str:
    """Satoshis as the node wants them."""
    return str(Decimal(sats).scaleb(-8))


def satoshis(amount: float) -> Sats:
    """What the node calls an amount, in satoshis."""
    return round(Decimal(str(amount)) * 10**8)


@dataclass
class Purse:
    """Keys of a test seed, one account of each kind, and the ledger of what the node has in its chain."""

    node: RealNode
    master: ExtendedPrivateKey
    chance: random.Random
    ledger: Ledger = field(default_factory=lambda: Ledger(MemoryStore(), 60))
    height: int = 0

    def __post_init__(self) -> None:
        for number, kind in enumerate(KINDS):
            descriptors = account_descriptors(self.master, kind, 0, REGTEST)
            self.ledger.add_account(Account(number, kind, 0, *descriptors))

    def address(self, kind: ScriptType) -> str:
        """A fresh address."""
        return self.text(self.ledger.reveal(KINDS.index(kind))[1].script_pubkey)

    @staticmethod
    def text(script_pubkey: bytes) -> str:
        found = address_from_script(script_pubkey, REGTEST)
        assert found is not None
        return found.text

    def fund(self, amounts: Sequence[tuple[ScriptType, Sats]], mine: bool = True) -> Transaction:
        """Have the node pay these amounts in one transaction, to addresses of their own."""
        self.node.own_address()
        outputs = {self.address(kind): coins(amount) for kind, amount in amounts}
        txid = self.node.rpc("sendmany", "", outputs, wallet="test")
        raw = self.node.rpc("gettransaction", txid, wallet="test")["hex"]
        paid = Transaction.parse(bytes.fromhex(raw))
        if mine:
            self.mine()
        else:
            self.ledger.apply_unconfirmed(paid, self.height)
        return paid

    def mine(self, count: int = 1) -> None:
        self.node.mine(count)
        self.sync()

    def sync(self) -> None:
        """Read the blocks that came since."""
        for height in range(self.height + 1, self.node.getblockcount() + 1):
            raw = self.node.getblock(self.node.getblockhash(height), 0)
            self.ledger.apply_block(Block.parse(bytes.fromhex(raw)), height)
            self.height = height
        self.ledger.commit()

    @property
    def mender(self) -> Mender:
        return Mender(self.ledger, self.height, self.chance, lambda _coin: "")

    def draft(self, intent: PaymentIntent) -> PaymentDraft:
        return build(intent, self.ledger, self.height, self.chance)

    def sign(self, draft: PaymentDraft) -> Transaction:
        result = sign_psbt(draft.psbt, self.master, REGTEST)
        assert result.complete
        return result.psbt.finalize().extract()

    def broadcast(self, transaction: Transaction) -> str:
        """Store and send it: the node must take it."""
        self.ledger.add_local(transaction, self.height)
        txid: str = self.node.sendrawtransaction(transaction.serialize().hex(), 0)
        self.ledger.mark_announced(Txid.from_hex(txid))
        return txid

    def coins_by_place(self) -> dict[ScriptRef, int]:
        """How many coins lie on each script."""
        found: dict[ScriptRef, int] = {}
        for coin in self.ledger.coins(self.height):
            found[coin.ref] = found.get(coin.ref, 0) + 1
        return found


@contextmanager
def purse_on(node: RealNode, seed: int = 0) -> Iterator[Purse]:
    """A purse with a chain long enough that the node has money."""
    with ExtendedPrivateKey.from_seed(mnemonic_to_seed(WORDS)) as master:
        purse = Purse(node, master, random.Random(seed))
        purse.mine(105)
        yield purse
