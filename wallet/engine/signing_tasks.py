"""What the vault child does with a seed: making it, storing it, deriving accounts, signing, bringing keys back.

Imported in the child only: here secrets are in the clear, for as long as a task takes.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.descriptor_text import add_checksum, strip_checksum
from wallet.bitcoin.hdkey import format_path
from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.bitcoin.script import ScriptType
from wallet.engine.signing_home import Announce, Home, Request, Task, cost_of
from wallet.keys import seed
from wallet.keys.backends import fits_keyring
from wallet.keys.database_key import new_database_key
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.record import Secret, VaultError, sealed_size, wipe
from wallet.keys.vault import store_secret

ERRORS: Final = (VaultError, seed.PhraseError, PsbtError)
ACCOUNT_TYPES: Final = (ScriptType.P2PKH, ScriptType.P2SH_P2WPKH, ScriptType.P2WPKH, ScriptType.P2TR)
_PRIVATE_KEY: Final = re.compile("[a-z]prv[0-9A-Za-z]+")


def read_secret(typed: Mapping[str, Any], params: ChainParams) -> Secret:
    """The secret that somebody typed: a BIP39 phrase or an extended private key. Raises PhraseError."""
    text = typed["text"].strip()
    birthday = date.fromisoformat(typed["birthday"]) if typed["birthday"] else None
    if _PRIVATE_KEY.fullmatch(text):
        try:
            ExtendedPrivateKey.parse_text(text, params).wipe()
        except ParseError as error:
            raise seed.PhraseError(str(error)) from None
        return Secret("xprv", text.encode(), birthday=birthday)
    report = seed.check_mnemonic(text)
    return Secret("bip39", report.entropy, report.language, birthday, typed["passphrase"])


@contextmanager
def master_key(secret: Secret, params: ChainParams) -> Iterator[ExtendedPrivateKey]:
    """The key that everything derives from, wiped at the end of the block."""
    if secret.kind == "xprv":
        master = ExtendedPrivateKey.parse_text(secret.data.decode(), params)
    else:
        words = seed.entropy_to_words(secret.data, secret.language)
        stretched = seed.mnemonic_to_seed(words, secret.passphrase)
        master = ExtendedPrivateKey.from_seed(stretched)
        wipe(stretched)
    with master:
        yield master


def account_keys(master: ExtendedPrivateKey, name: str, account: int, params: ChainParams) -> dict[str, Any]:
    """The public side of an account. An xprv below the master stands for one account of each type, number 0."""
    kind = ScriptType(name)
    if master.depth and account:
        raise VaultError("refused", "this wallet was made from an account's key: it has no further accounts")
    external, internal = seed.account_descriptors(master, kind, account, params)
    path = () if master.depth else seed.account_path(kind, account, params)
    return {
        "type": str(kind),
        "account": account,
        "origin_path": format_path(path),
        "external": str(external),
        "internal": str(internal),
    }


def private_account_keys(master: ExtendedPrivateKey, name: str, account: int, params: ChainParams) -> dict[str, Any]:
    """The same with the account's private key in the place of the public one."""
    keys = account_keys(master, name, account, params)
    path = () if master.depth else seed.account_path(ScriptType(name), account, params)
    with master.derive_path(path) as key:
        public, private = key.public().to_text(params), key.to_text(params)
    for branch in ("external", "internal"):
        keys[branch] = add_checksum(strip_checksum(keys[branch]).replace(public, private))
    return keys


def _outer_key(master: ExtendedPrivateKey) -> bytearray:
    """What the database key's way back is wrapped under: private key and chain code, 64 bytes, to be wiped."""
    secret = master.private_key()
    outer = secret + master.chain_code
    wipe(secret)
    return outer


def _new_phrase(request: Request, _: Announce) -> str:
    return seed.new_mnemonic(request["words"])


def _check_phrase(request: Request, _: Announce) -> dict[str, Any]:
    typed = {"text": request["text"], "passphrase": "", "birthday": None}
    try:
        secret = read_secret(typed, NETWORKS[request["network"]])
    except seed.PhraseError as error:
        return {"kind": None, "message": str(error), "unknown_words": _unknown_words(request["text"])}
    return {"kind": secret.kind, "message": "", "unknown_words": []}


def _unknown_words(text: str) -> list[int]:
    """Positions, from 0, of the words that the likeliest language does not have."""
    words = unicodedata.normalize("NFKD", text).lower().split()
    lists = [frozenset(seed.wordlist(language)) for language in seed.LANGUAGES]
    likeliest = max(lists, key=lambda known: sum(word in known for word in words))
    return [position for position, word in enumerate(words) if word not in likeliest]


def _create(request: Request, announce: Announce) -> dict[str, Any]:
    secret = read_secret(request["secret"], NETWORKS[request["network"]])
    kind = request["kind"]
    note = ""
    if kind == "keyring" and not fits_keyring(sealed_size(secret)):
        if request["password"] is None:
            raise VaultError("refused", "this secret is too large for the keyring, and a file needs a password")
        kind, note = "file", "The secret is too large for the keyring; it is kept in the wallet's folder instead."
    home = Home(request, announce, kind)
    key = new_database_key()
    with master_key(secret, home.params) as master:
        accounts = [account_keys(master, name, 0, home.params) for name in request["types"] or ACCOUNT_TYPES]
        fingerprint = master.fingerprint.hex()
        outer = _outer_key(master)
    _store(home, secret, request, key, outer)
    return {
        "secret_kind": secret.kind,
        "fingerprint": fingerprint,
        "accounts": accounts,
        "database_key": key.hex(),
        "kind": kind,
        "note": note,
    }


def _store(home: Home, secret: Secret, request: Request, key: bytes, outer: bytearray) -> None:
    """Store the vault and both forms of the database key; on a fault take back what was stored."""
    opened = store_secret(home.slots, secret, request["password"], cost_of(request))
    try:
        home.store_database_key(key, opened)
        home.recovery.store(key, outer)
    except VaultError:
        with suppress(VaultError):
            home.delete()
        raise
    finally:
        wipe(opened.data_key)
        wipe(outer)


def _sign(request: Request, announce: Announce) -> dict[str, Any]:
    from wallet.keys.signer import sign_psbt

    try:
        psbt = Psbt.parse(bytes.fromhex(request["psbt"]))
    except ParseError as error:
        raise PsbtError(str(error)) from error
    home = Home(request, announce)
    with master_key(home.open(request["password"]), home.params) as master:
        result = sign_psbt(psbt, master, home.params)
    return {"psbt": result.psbt.serialize().hex(), "signed": result.signed, "complete": result.complete}


def _account_keys(request: Request, announce: Announce) -> dict[str, Any]:
    home = Home(request, announce)
    with master_key(home.open(request["password"]), home.params) as master:
        return account_keys(master, request["script_type"], request["account"], home.params)


def _private_descriptors(request: Request, announce: Announce) -> list[dict[str, Any]]:
    home = Home(request, announce)
    with master_key(home.open(request["password"]), home.params) as master:
        return [private_account_keys(master, name, account, home.params) for name, account in request["accounts"]]


def _words(request: Request, announce: Announce) -> str:
    secret = Home(request, announce).open(request["password"])
    if secret.kind != "bip39":
        raise VaultError("refused", "this wallet was made from a key, not from seed words")
    return seed.entropy_to_words(secret.data, secret.language)


def _recover(home: Home, secret: Secret) -> bytes:
    """The database key by the seed; raises VaultError 'bad_phrase' where it is another wallet's."""
    with master_key(secret, home.params) as master:
        outer = _outer_key(master)
    try:
        return home.recovery.load(outer)
    finally:
        wipe(outer)


def _recover_database_key(request: Request, announce: Announce) -> str:
    home = Home(request, announce, "file")  # no keyring is needed for this
    return _recover(home, read_secret(request["secret"], home.params)).hex()


def _repair(request: Request, announce: Announce) -> str:
    home = Home(request, announce)
    secret = read_secret(request["secret"], home.params)
    key = _recover(home, secret)
    home.slots.clear()
    opened = store_secret(home.slots, secret, request["password"], cost_of(request))
    home.store_database_key(key, opened)
    wipe(opened.data_key)
    return key.hex()


TASKS: Final[Mapping[str, Task]] = {
    "new_phrase": _new_phrase,
    "check_phrase": _check_phrase,
    "create": _create,
    "sign": _sign,
    "account_keys": _account_keys,
    "private_descriptors": _private_descriptors,
    "words": _words,
    "recover_database_key": _recover_database_key,
    "repair": _repair,
}
