"""A small world to test a ledger in: keys, accounts, a store in memory, and blocks without proof of work."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from coincurve import PrivateKey

from wallet.bitcoin.block import Block, BlockHeader
from wallet.bitcoin.codec import u32
from wallet.bitcoin.descriptor import single_key_descriptor
from wallet.bitcoin.hashes import BlockHash, MerkleRoot, Txid, hash160, hmac_sha512, sha256, tagged_hash
from wallet.bitcoin.hdkey import ExtendedPublicKey, KeyOrigin
from wallet.bitcoin.merkle import MerkleProof, merkle_root
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import ScriptType, p2pkh, p2wpkh, push
from wallet.bitcoin.sighash import legacy_sighash, segwit_v0_sighash, taproot_sighash
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.ledger.changeset import ChangeSet
from wallet.ledger.keychain import Account, ScriptRef
from wallet.ledger.ledger import Ledger

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
COIN = 100_000_000
GENERATOR = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
FOREIGN = p2wpkh(bytes(20))
TYPES = (ScriptType.P2PKH, ScriptType.P2SH_P2WPKH, ScriptType.P2WPKH, ScriptType.P2TR)


def account(number: int = 0, kind: ScriptType = ScriptType.P2WPKH) -> Account:
    """An account with keys of its own; nobody needs to sign with them."""
    xpub = ExtendedPublicKey(3, b"\x01\x02\x03\x04", 0, sha256(b"chain %d %s" % (number, kind.encode())), GENERATOR)
    origin = KeyOrigin(b"\x0a\x0b\x0c\x0d", (84 + (1 << 31), 1 + (1 << 31), 1 << 31))
    external = single_key_descriptor(kind, origin, xpub, 0, REGTEST)
    internal = single_key_descriptor(kind, origin, xpub, 1, REGTEST)
    return Account(number, kind, 0, external, internal)


class MemoryStore:
    """Keeps a ledger in memory, as one change from nothing."""

    def __init__(self) -> None:
        self.state = ChangeSet()
        self.applied = 0

    def load(self) -> ChangeSet:
        state = ChangeSet()
        state.update(self.state)
        state.proofs.clear()
        return state

    def apply(self, change: ChangeSet) -> None:
        self.state.update(change)
        self.applied += 1

    def proof(self, txid: Txid) -> MerkleProof | None:
        return self.state.proofs.get(txid)


def new_ledger(*accounts: Account, look_ahead: int = 30) -> Ledger:
    """A ledger in memory with these accounts, or with one."""
    ledger = Ledger(MemoryStore(), look_ahead)
    for found in accounts or (account(),):
        ledger.add_account(found)
    ledger.commit()
    return ledger


_serial = count()


def pay(
    outputs: Sequence[tuple[bytes, int]], spending: Sequence[OutPoint] = (), salt: int | None = None
) -> Transaction:
    """A transaction, unsigned; it spends a coin of somebody else unless told what to spend."""
    number = next(_serial) if salt is None else salt
    inputs = [TxIn(outpoint, sequence=0xFFFFFFFD) for outpoint in spending]
    foreign = OutPoint(Txid(sha256(b"foreign" + u32(number))), 0)
    return Transaction(
        2,
        tuple(inputs) or (TxIn(foreign, sequence=0xFFFFFFFD),),
        tuple(TxOut(amount, script) for script, amount in outputs),
        0,
    )


def coinbase(height: int, script: bytes = FOREIGN, amount: int = 50 * COIN) -> Transaction:
    null = OutPoint(Txid(bytes(32)), 0xFFFFFFFF)
    return Transaction(2, (TxIn(null, push(u32(height))),), (TxOut(amount, script),), 0)


def make_block(
    height: int,
    transactions: Sequence[Transaction] = (),
    branch: int = 0,
    reward: bytes = FOREIGN,
    previous: bytes = bytes(32),
) -> Block:
    """A block with a right Merkle root; `branch` tells blocks of one height apart. Its time is 1000 a height."""
    every = [coinbase(height, reward), *transactions]
    root = MerkleRoot(merkle_root([transaction.txid for transaction in every]))
    header = BlockHeader(4, BlockHash(previous), root, 1_000_000 + 1_000 * height, 0x207FFFFF, branch)
    return Block.build(header, every)


@dataclass
class Chain:
    """Blocks by height, and the engine's part: scanning with true filters, repeating what the ledger asks for."""

    blocks: list[Block] = field(default_factory=lambda: [make_block(0)])

    @property
    def tip(self) -> int:
        return len(self.blocks) - 1

    def add(self, *transactions: Transaction, branch: int = 0, reward: bytes = FOREIGN) -> Block:
        block = make_block(len(self.blocks), transactions, branch, reward, self.blocks[-1].hash)
        self.blocks.append(block)
        return block

    def matches(self, height: int, scripts: Sequence[bytes]) -> bool:
        """What a compact filter tells: whether the block pays or spends one of these scripts."""
        wanted = set(scripts)
        block = self.blocks[height]
        if wanted.intersection(block.all_scripts):
            return True
        made = {
            OutPoint(transaction.txid, index).serialize(): output.script_pubkey
            for below in self.blocks[: height + 1]
            for transaction in below.transactions
            for index, output in enumerate(transaction.outputs)
        }
        return any(made.get(outpoint) in wanted for outpoint in block.all_spent)

    def scan(self, ledger: Ledger, birthday: int = 0, order: Sequence[int] = (), limit: int = 1000) -> None:
        """Scan until nothing is left to do. order: heights that come first when there is a choice."""
        while True:
            for height in ledger.repeats():
                ledger.apply_block(self.blocks[height], height)
            task = ledger.next_scan(birthday, self.tip, limit)
            if task is None and not ledger.repeats():
                return
            if task is None:
                continue
            scripts = ledger.keychain.scripts_of(task.ranges)
            heights = [height for height in range(task.start, task.stop + 1) if self.matches(height, scripts)]
            heights.sort(key=lambda height: order.index(height) if height in order else len(order))
            for height in heights:
                ledger.apply_block(self.blocks[height], height)
            ledger.scanned(task, [block.hash for block in self.blocks[task.start : task.stop + 1]])
            ledger.commit()

    def undo(self, ledger: Ledger, count: int) -> list[Block]:
        """Take the last blocks off, and out of the ledger; the blocks, lowest first."""
        gone = self.blocks[-count:]
        for block in reversed(gone):
            ledger.undo_block(self.tip, block.hash)
            self.blocks.pop()
        return gone


def private_key(ref: ScriptRef, kind: ScriptType) -> PrivateKey:
    """The key of a script of `account(ref.account, kind)` (BIP32; for P2TR the output key's, BIP341)."""
    key, chain_code = PrivateKey((1).to_bytes(32, "big")), sha256(b"chain %d %s" % (ref.account, kind.encode()))
    for step in (ref.branch, ref.index):
        digest = hmac_sha512(chain_code, key.public_key.format() + step.to_bytes(4, "big"))
        key, chain_code = key.add(digest[:32]), digest[32:]
    if kind is not ScriptType.P2TR:
        return key
    public = key.public_key.format()
    if public[0] == 3:
        key = PrivateKey((N - key.to_int()).to_bytes(32, "big"))
    return key.add(tagged_hash("TapTweak", public[1:]))


def sign(transaction: Transaction, ledger: Ledger, known: Sequence[Transaction] = ()) -> Transaction:
    """Sign the inputs that spend outputs of ours. known: transactions that the ledger may not know."""
    made = {OutPoint(tx.txid, n): output for tx in known for n, output in enumerate(tx.outputs)}
    spent = [made.get(each.outpoint) or ledger.output(each.outpoint) for each in transaction.inputs]
    inputs = list(transaction.inputs)
    for index, output in enumerate(spent):
        ref = None if output is None else ledger.keychain.scripts().get(output.script_pubkey)
        if output is not None and ref is not None:
            kind = ledger.keychain.accounts[ref.account].type
            inputs[index] = _signed_input(transaction, index, spent, kind, private_key(ref, kind))
    return replace(transaction, inputs=tuple(inputs))


def _signed_input(
    transaction: Transaction, index: int, spent: Sequence[TxOut | None], kind: ScriptType, key: PrivateKey
) -> TxIn:
    output, bare, public = spent[index], transaction.inputs[index], key.public_key.format()
    assert output is not None
    code = p2pkh(hash160(public))
    if kind is ScriptType.P2TR:
        message = taproot_sighash(transaction, index, [each for each in spent if each is not None])
        return replace(bare, witness=(key.sign_schnorr(message),))
    if kind is ScriptType.P2PKH:
        signature = key.sign(legacy_sighash(transaction, index, code, 1), hasher=None) + b"\x01"
        return replace(bare, script_sig=push(signature) + push(public))
    signature = key.sign(segwit_v0_sighash(transaction, index, code, output.amount, 1), hasher=None) + b"\x01"
    nested = push(p2wpkh(hash160(public))) if kind is ScriptType.P2SH_P2WPKH else b""
    return replace(bare, script_sig=nested, witness=(signature, public))


def outpoint(transaction: Transaction, index: int = 0) -> OutPoint:
    return OutPoint(transaction.txid, index)
