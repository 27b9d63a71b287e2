"""What a backup says of a wallet beside its secret, and how a wallet is made of it.

The content is a JSON object: network, kind, fingerprint, birthday and floor as the database keeps them, the accounts
with their descriptors, how many addresses of each branch were given out, the labels (BIP329's kinds) and
the other notes (`backup_notes`).
"""

from collections.abc import Mapping
from typing import Any

from wallet.bitcoin.descriptor import Descriptor, DescriptorError
from wallet.bitcoin.network import ChainParams
from wallet.engine.api import WrenError
from wallet.engine.backup_notes import fill_notes, notes_content
from wallet.engine.parts import WalletStore
from wallet.engine.search import remember
from wallet.engine.session import BIRTHDAY, FINGERPRINT, FLOOR, KIND, Session
from wallet.engine.signing import CreatedVault
from wallet.ledger.keychain import Account
from wallet.ledger.labels import LabelError, LabelKind
from wallet.ledger.ledger import Ledger

_META = (KIND, FINGERPRINT, BIRTHDAY, FLOOR)
_REVEALED_LIMIT = 100_000


def backup_content(session: Session) -> dict[str, Any]:
    """What is to be kept of an open wallet."""
    ledger = session.ledger
    accounts = [
        {
            "id": account.id,
            "number": account.account,
            "external": str(account.external),
            "internal": None if account.internal is None else str(account.internal),
            "gap_limit": account.gap_limit,
            "label": account.label,
            "revealed": {str(branch): ledger.keychain.revealed(account.id, branch) for branch in account.branches()},
        }
        for account in session.accounts()
    ]
    labels = [[str(key.kind), key.reference, text] for key, text in ledger.labels.items()]
    meta = {key: session.store.meta(key) or "" for key in _META}
    return {"network": session.params.name, **meta, "accounts": accounts, "labels": labels, **notes_content(ledger)}


def fill_from_backup(
    store: WalletStore, created: CreatedVault, content: Mapping[str, Any], params: ChainParams
) -> Ledger:
    """Accounts, labels and birthday of a backup in a new database. Raises WrenError 'corrupt' where they make no sense.

    The content was sealed with the secret: what is wrong with it was wrong when it was written.
    """
    ledger = Ledger(store)
    try:
        for key in _META:
            store.set_meta(key, str(content[key]))
        for account in content["accounts"]:
            ledger.add_account(_account(account, params))
            for branch, count in account["revealed"].items():
                for _ in range(min(int(count), _REVEALED_LIMIT)):
                    ledger.reveal(int(account["id"]), int(branch))
        for kind, reference, text in content["labels"]:
            ledger.set_label(LabelKind(kind), str(reference), str(text))
        fill_notes(ledger, content)
    except (LookupError, TypeError, ValueError, AttributeError, DescriptorError, LabelError) as error:
        raise WrenError("corrupt", "the backup does not say what a wallet needs: was it made by Wren?") from error
    if (created.fingerprint or b"").hex() != content[FINGERPRINT]:
        raise WrenError("corrupt", "the backup's keys are not those of its accounts")
    remember(store, ledger.keychain.accounts, (*created.search, *created.reserve), restored=False)
    ledger.commit()
    return ledger


def _account(values: Mapping[str, Any], params: ChainParams) -> Account:
    external = Descriptor.parse(values["external"], params)
    internal = None if values["internal"] is None else Descriptor.parse(values["internal"], params)
    number, gap_limit = int(values["number"]), int(values["gap_limit"])
    return Account(int(values["id"]), external.type, number, external, internal, gap_limit, str(values["label"]))
