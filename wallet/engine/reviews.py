"""A payment under review, as the seam shows it."""

from wallet.engine import api
from wallet.engine.session import Prepared, Session
from wallet.engine.views import address_text


def payment_review(number: str, session: Session, prepared: Prepared) -> api.PaymentReview:
    """Everything that the user must see before paying."""
    draft, params = prepared.draft, session.params
    scripts = session.ledger.keychain.scripts()
    recipients = tuple(
        api.TransactionEnd(
            address=address_text(output.script_pubkey, params),
            amount=output.amount,
            own=output.script_pubkey in scripts,
        )
        for output in draft.recipients
    )
    change = draft.change
    return api.PaymentReview(
        id=number,
        recipients=recipients,
        inputs=session.view.inputs(draft.transaction),
        amount=draft.amount,
        fee=draft.fee,
        fee_rate=round(draft.fee_rate, 3),
        vsize=draft.vsize,
        change=0 if change is None else change.amount,
        change_address=None if change is None else address_text(change.script_pubkey, params),
        warnings=tuple(api.PaymentWarning(found.code, found.text, found.blocking) for found in draft.warnings),
        hex=draft.transaction.serialize().hex(),
        psbt=draft.psbt.to_base64(),
        method=prepared.method,
        replaces=tuple(sorted(map(str, prepared.replaces))),
        raises=tuple(map(str, prepared.raises)),
    )
