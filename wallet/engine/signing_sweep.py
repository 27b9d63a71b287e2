"""What the vault child does with a single key that is swept: tell its public key, and sign."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.engine.signing_home import Announce, Request, Task
from wallet.keys.reading import read_single_key
from wallet.keys.seed import PhraseError
from wallet.keys.sweep import sign_with_key
from wallet.keys.wif import WifKey

ERRORS: Final = (PhraseError, PsbtError)


@contextmanager
def _key(request: Request) -> Iterator[tuple[WifKey, ChainParams]]:
    params = NETWORKS[request["network"]]
    key = read_single_key(request["key"], params)
    try:
        yield key, params
    finally:
        key.wipe()


def _single_key(request: Request, _: Announce) -> str:
    with _key(request) as (key, _params):
        return key.public_key.hex()


def _sign_sweep(request: Request, _: Announce) -> str:
    try:
        psbt = Psbt.parse(bytes.fromhex(request["psbt"]))
    except ParseError as error:
        raise PsbtError(str(error)) from error
    with _key(request) as (key, params):
        return sign_with_key(psbt, key, params).serialize().hex()


TASKS: Final[Mapping[str, Task]] = {"single_key": _single_key, "sign_sweep": _sign_sweep}
