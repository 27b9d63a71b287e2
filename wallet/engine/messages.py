"""Messages signed by an address of the wallet, and signatures of others verified."""

from wallet.bitcoin.address import parse_address
from wallet.bitcoin.message_signature import InconclusiveError, verify_message
from wallet.engine import api
from wallet.engine.parts import Parts
from wallet.engine.queries import SessionOf


class Messages:
    """The commands about messages."""

    def __init__(self, parts: Parts, session: SessionOf) -> None:
        self._parts = parts
        self._session = session

    async def sign(self, command: api.SignMessage) -> str:
        """A signature by the key of one of our addresses, made in the vault child."""
        session = self._session()
        address = parse_address(command.address, self._parts.params)
        ref = session.ledger.keychain.scripts().get(address.script_pubkey)
        if ref is None:
            raise api.WrenError("not_found", f"{address} is no address of this wallet, so it cannot sign for it")
        _check_text(command.text)
        derived = session.ledger.keychain.derived(ref)
        return await self._parts.vault.sign_message(session.vault, command.password, derived, command.text)

    async def verify(self, command: api.VerifyMessage) -> bool:
        """Whether a signature is right; needs no wallet."""
        address = parse_address(command.address, self._parts.params)
        _check_text(command.text)
        try:
            return verify_message(address.script_pubkey, command.signature, command.text)
        except InconclusiveError as error:
            raise api.WrenError("refused", f"this signature cannot be judged here: {error}") from error


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise api.WrenError("refused", "the message is not text that UTF-8 can say") from error
