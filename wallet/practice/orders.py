"""What can be asked of a practice node, one line of text at a time: the command line's grammar and the window's.

    mine [N]                    N blocks (1): {"height", "tip", "transactions"}
    pay ADDRESS SATS            the faucet pays: {"txid", "amount"}
    from NAME ADDRESS SATS      one of the people pays: {"txid", "amount"}
    people                      who there is: {"people": [{"name", "address"}], "faucet": ADDRESS}
    busy | calm                 blocks take only what pays well, or everything: {"busy", "price"}
    reorg N                     the last N blocks are replaced by N + 1 without payments: {"height", "tip"}
    status                      {"height", "tip", "peers", "waiting", "busy", "price", "refused": [{"txid", "reason"}]}
    quit                        {"quit": true}

An order that cannot be carried out is answered by {"error": REASON}.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from wallet.bitcoin.address import AddressError, address_from_script, parse_address
from wallet.bitcoin.network import REGTEST
from wallet.practice.node import PracticeNode
from wallet.practice.purse import Purse
from wallet.practice.verify import Rejected

Answer = dict[str, object]

MAX_BLOCKS: Final = 1_000


class BadOrder(ValueError):
    """An order that makes no sense; the text says what does."""


def carry_out(node: PracticeNode, line: str) -> Answer:
    """The answer to one line."""
    words = line.split()
    handler = _ORDERS.get(words[0]) if words else None
    if handler is None:
        return {"error": f"the orders are: {', '.join(_ORDERS)}"}
    try:
        return handler(node, words[1:])
    except (BadOrder, AddressError, Rejected) as error:
        return {"error": str(error)}


def _number(words: Sequence[str], usual: int | None = None, most: int = MAX_BLOCKS) -> int:
    if not words and usual is not None:
        return usual
    text = words[0] if len(words) == 1 else ""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= most):
        raise BadOrder(f"a number from 1 to {most:,} is expected")
    return int(text)


def _tip(node: PracticeNode) -> Answer:
    chain = node.state.chain
    return {"height": chain.height, "tip": str(chain.tip.hash)}


def _mine(node: PracticeNode, words: Sequence[str]) -> Answer:
    blocks = node.mine(_number(words, 1))
    return {**_tip(node), "transactions": sum(len(block.block) - 1 for block in blocks)}


def _payment(words: Sequence[str]) -> tuple[bytes, int]:
    if len(words) != 2:
        raise BadOrder("an ADDRESS and an amount in satoshis are expected")
    return parse_address(words[0], REGTEST).script_pubkey, _number(words[1:], most=100_000_000)


def _pay(node: PracticeNode, words: Sequence[str]) -> Answer:
    script, amount = _payment(words)
    return {"txid": str(node.give(script, amount).txid), "amount": amount}


def _from(node: PracticeNode, words: Sequence[str]) -> Answer:
    name = words[0] if words else ""
    if name not in node.economy.people:
        raise BadOrder(f"the people are: {', '.join(node.economy.people)}")
    script, amount = _payment(words[1:])
    return {"txid": str(node.pay(name, script, amount).txid), "amount": amount}


def _address(purse: Purse) -> str:
    return str(address_from_script(purse.script, REGTEST))


def _people(node: PracticeNode, _words: Sequence[str]) -> Answer:
    people = [{"name": purse.name, "address": _address(purse)} for purse in node.economy.people.values()]
    return {"people": people, "faucet": _address(node.economy.faucet)}


def _busy(node: PracticeNode, _words: Sequence[str]) -> Answer:
    node.economy.set_busy(True)
    return {"busy": True, "price": round(node.economy.price, 1)}


def _calm(node: PracticeNode, _words: Sequence[str]) -> Answer:
    node.economy.set_busy(False)
    return {"busy": False, "price": round(node.economy.price, 1)}


def _reorg(node: PracticeNode, words: Sequence[str]) -> Answer:
    depth = _number(words, 1, most=100)
    if depth > node.state.chain.height:
        raise BadOrder("there are not so many blocks")
    node.invalidate(node.state.chain.height - depth + 1)
    return _tip(node)


def _status(node: PracticeNode, _words: Sequence[str]) -> Answer:
    return {
        **_tip(node),
        "peers": node.peers,
        "waiting": len(node.state.mempool.entries),
        "busy": node.economy.busy,
        "price": round(node.economy.price, 1),
        "refused": [{"txid": txid, "reason": reason} for txid, reason in node.state.refusals],
    }


def _quit(_node: PracticeNode, _words: Sequence[str]) -> Answer:
    return {"quit": True}


_ORDERS: Final[Mapping[str, Callable[[PracticeNode, Sequence[str]], Answer]]] = MappingProxyType(
    {
        "mine": _mine,
        "pay": _pay,
        "from": _from,
        "people": _people,
        "busy": _busy,
        "calm": _calm,
        "reorg": _reorg,
        "status": _status,
        "quit": _quit,
    }
)
