"""What the vault child does with a seed: making it, storing it, deriving accounts, signing, bringing keys back.

Imported in the child only: here secrets are in the clear, for as long as a task takes.
"""

import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.descriptor import DescriptorError
from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.bitcoin.script import ScriptType
from wallet.engine.signing_home import Announce, Home, Request, Task, cost_of
from wallet.keys import seed
from wallet.keys.accounts import key_at, plan_accounts, private_form, signing_keys, standard_account
from wallet.keys.backends import fits_keyring
from wallet.keys.database_key import new_database_key
from wallet.keys.electrum import version_of
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.reading import read
from wallet.keys.record import Secret, VaultError, sealed_size, wipe
from wallet.keys.vault import store_secret

ERRORS: Final = (VaultError, seed.PhraseError, DescriptorError, PsbtError)


def read_secret(typed: Mapping[str, Any], params: ChainParams) -> Secret:
    """The secret that somebody typed. Raises PhraseError or DescriptorError."""
    birthday = date.fromisoformat(typed["birthday"]) if typed["birthday"] else None
    secret = read(typed["text"], params).secret
    passphrase = typed["passphrase"] if secret.kind in {"bip39", "electrum"} else ""
    return replace(secret, birthday=birthday, passphrase=passphrase)


def _kind_of(secret: Secret) -> str:
    """The kind as the world calls it."""
    return secret.language if secret.kind == "watch" else secret.kind


def _refuse_watching(secret: Secret) -> None:
    if secret.kind == "watch":
        raise VaultError(
            "refused",
            "this wallet only watches: it holds no private key. Prepare the payment as a PSBT and sign it where the "
            "keys are",
        )


def _outer_key(master: ExtendedPrivateKey) -> bytearray:
    """What the database key's way back is wrapped under: private key and chain code, 64 bytes, to be wiped."""
    secret = master.private_key()
    outer = secret + master.chain_code
    wipe(secret)
    return outer


def _new_phrase(request: Request, _: Announce) -> str:
    """A new phrase; one in 230 would be taken for an Electrum seed as well, and is not given out."""
    phrase = seed.new_mnemonic(request["words"])
    while version_of(phrase) is not None:
        phrase = seed.new_mnemonic(request["words"])
    return phrase


def _check_phrase(request: Request, _: Announce) -> dict[str, Any]:
    """What a text is, without keeping it; the reason where it is nothing."""
    params = NETWORKS[request["network"]]
    try:
        found = read(request["text"], params)
        plan_accounts(found.secret, params)
    except (seed.PhraseError, DescriptorError) as error:
        return {"message": str(error), "unknown_words": _unknown_words(request["text"])}
    return {
        "kind": found.kind,
        "message": found.message,
        "alternatives": found.alternatives,
        "watch_only": found.watch_only,
    }


def _word_list(request: Request, _: Announce) -> list[str]:
    """The words composed, as they are typed."""
    words = unicodedata.normalize("NFKD", request["text"]).lower().split()
    return [unicodedata.normalize("NFC", word) for word in seed.wordlist(_likeliest(words))]


def _likeliest(words: list[str]) -> str:
    """The language whose list has the most of these words, or of their beginnings; English comes first."""

    def known(language: str) -> tuple[int, int]:
        listed = seed.wordlist(language)
        found = frozenset(listed).intersection(words)
        begun = bool(words) and any(word.startswith(words[-1]) for word in listed)
        return len(found), begun

    return max(seed.LANGUAGES, key=known)


def _unknown_words(text: str) -> list[int]:
    """Positions, from 0, of the words that the likeliest language does not have; none in what is no phrase."""
    words = unicodedata.normalize("NFKD", text).lower().split()
    if len(words) < 2 or "(" in text:
        return []
    likeliest = frozenset(seed.wordlist(_likeliest(words)))
    return [position for position, word in enumerate(words) if word not in likeliest]


def _create(request: Request, announce: Announce) -> dict[str, Any]:
    return create_vault(request, announce, read_secret(request["secret"], NETWORKS[request["network"]]))


def create_vault(request: Request, announce: Announce, secret: Secret) -> dict[str, Any]:
    """Store a secret as a new wallet's vault, with a new database key; what the engine is to know of it."""
    kind = request["kind"]
    note = ""
    if kind == "keyring" and not fits_keyring(sealed_size(secret)):
        if request["password"] is None:
            raise VaultError("refused", "this secret is too large for the keyring, and a file needs a password")
        kind, note = "file", "The secret is too large for the keyring; it is kept in the wallet's folder instead."
    home = Home(request, announce, kind)
    key = new_database_key()
    plan = plan_accounts(secret, home.params, request["types"] or ())
    with signing_keys(secret, home.params) as keys:
        outer = _outer_key(keys[0]) if keys else None
    _store(home, secret, request, key, outer)
    return {
        "secret_kind": _kind_of(secret),
        "watch_only": secret.kind == "watch",
        "fingerprint": None if plan.fingerprint is None else plan.fingerprint.hex(),
        "accounts": [asdict(account) for account in plan.kept],
        "search": [asdict(account) for account in plan.search],
        "reserve": [asdict(account) for account in plan.reserve],
        "database_key": key.hex(),
        "kind": kind,
        "note": note,
    }


def _store(home: Home, secret: Secret, request: Request, key: bytes, outer: bytearray | None) -> None:
    """Store the vault and both forms of the database key; on a fault take back what was stored.

    outer None: the wallet only watches. What it was made from is no secret, and must not open the database.
    """
    opened = store_secret(home.slots, secret, request["password"], cost_of(request))
    try:
        home.store_database_key(key, opened)
        if outer is not None:
            home.recovery.store(key, outer)
    except VaultError:
        with suppress(VaultError):
            home.delete()
        raise
    finally:
        wipe(opened.data_key)
        wipe(outer if outer is not None else bytearray())


def _sign(request: Request, announce: Announce) -> dict[str, Any]:
    from wallet.keys.signer import sign_psbt

    try:
        psbt = Psbt.parse(bytes.fromhex(request["psbt"]))
    except ParseError as error:
        raise PsbtError(str(error)) from error
    home = Home(request, announce)
    secret = home.open(request["password"])
    _refuse_watching(secret)
    result = psbt
    with signing_keys(secret, home.params) as keys:
        for key in keys:
            result = sign_psbt(result, key, home.params).psbt
    # An input of several keys that are all ours counts once.
    signed = sum(after != before for before, after in zip(psbt.inputs, result.inputs, strict=True))
    return {"psbt": result.serialize().hex(), "signed": signed, "complete": result.finalize().is_complete}


def _sign_message(request: Request, announce: Announce) -> str:
    from wallet.keys.message_signer import sign_message

    home = Home(request, announce)
    secret = home.open(request["password"])
    _refuse_watching(secret)
    origin, public_key = KeyOrigin.parse_text(request["origin"]), bytes.fromhex(request["public_key"])
    with signing_keys(secret, home.params) as keys, key_at(keys, origin, public_key) as key:
        private = key.private_key()
        try:
            kind, script_pubkey = ScriptType(request["type"]), bytes.fromhex(request["script_pubkey"])
            return sign_message(private, kind, script_pubkey, request["text"])
        finally:
            wipe(private)


def _account_keys(request: Request, announce: Announce) -> dict[str, Any]:
    home = Home(request, announce)
    secret, number = home.open(request["password"]), request["account"]
    if number and secret.kind not in {"bip39", "xprv"}:
        raise VaultError("refused", "only a wallet of a seed phrase or a master key has further accounts")
    kind = ScriptType(request["script_type"])
    with signing_keys(secret, home.params) as keys:
        if not keys or (keys[0].depth and number):
            raise VaultError("refused", "this wallet was made from an account's key: it has no further accounts")
        return asdict(standard_account(keys[0], kind, number, home.params))


def _private_descriptors(request: Request, announce: Announce) -> list[str]:
    home = Home(request, announce)
    secret = home.open(request["password"])
    if secret.kind == "watch":
        raise VaultError("refused", "this wallet only watches: it holds no private key")
    with signing_keys(secret, home.params) as keys:
        return [private_form(text, keys, home.params) for text in request["descriptors"]]


def _words(request: Request, announce: Announce) -> str:
    secret = Home(request, announce).open(request["password"])
    if secret.kind == "electrum":
        return secret.data.decode()
    if secret.kind != "bip39":
        raise VaultError("refused", "this wallet was made from a key, not from seed words")
    return seed.entropy_to_words(secret.data, secret.language)


def _recover(home: Home, secret: Secret) -> bytes:
    """The database key by the seed; raises VaultError 'bad_phrase' where it is another wallet's."""
    with signing_keys(secret, home.params) as keys:
        if not keys:
            raise VaultError("not_found", "a wallet that only watches is not repaired: restore it from its public keys")
        outer = _outer_key(keys[0])
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
    "word_list": _word_list,
    "create": _create,
    "sign": _sign,
    "sign_message": _sign_message,
    "account_keys": _account_keys,
    "private_descriptors": _private_descriptors,
    "words": _words,
    "recover_database_key": _recover_database_key,
    "repair": _repair,
}
