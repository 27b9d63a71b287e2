"""What went wrong, and what now: plain words for each code that the engine answers with."""

from typing import NamedTuple

from wallet.engine import api
from wallet.ui.text import translate


class Advice(NamedTuple):
    """What happened, and what to do about it."""

    what: str
    now: str


Table = dict[api.ErrorCode, Advice]


def advice() -> Table:
    """Words for every code, in the user's language: keys and files first, then typing, paying, the network."""
    return _keys() | _files() | _typing() | _paying() | _network()


def _keys() -> Table:
    return {
        "bad_password": Advice(
            translate("The password is wrong"),
            translate(
                "Look at Caps Lock and the keyboard's language. Nobody can tell you the password, and the money does "
                "not hang on it: the seed words restore the wallet with a new one."
            ),
        ),
        "vault_unavailable": Advice(
            translate("The keys cannot be reached"),
            translate(
                "This computer's keyring is locked, missing or does not answer: unlock it, or log in again, and try "
                "once more. If it was reset, the page that then comes asks for your words: the wallet comes back as it "
                "was, labels included."
            ),
        ),
        "bad_phrase": Advice(
            translate("The seed words do not fit"),
            translate(
                "A word is misspelt, missing or in another place: words that are in no list are marked. Compare with "
                "the paper one by one. Words of another kind of wallet may want “electrum:” before them."
            ),
        ),
        "bad_descriptor": Advice(
            translate("The descriptor cannot be read"),
            translate("It was probably cut when it was copied: copy all of it again, with the # and eight characters."),
        ),
    }


def _files() -> Table:
    return {
        "no_wallet": Advice(
            translate("There is no such wallet"),
            translate(
                "Wallets are looked for in the data folder, for the network that Wren was started with. Wherever the "
                "files are: the seed words restore the wallet here."
            ),
        ),
        "wallet_exists": Advice(
            translate("A wallet of this name is there already"),
            translate("Choose another name; the other wallet stays as it is."),
        ),
        "in_use": Advice(
            translate("Another Wren uses the data folder"),
            translate(
                "Only one program at a time may write there: close the other window, or wait until the command has "
                "ended."
            ),
        ),
        "corrupt": Advice(
            translate("A file is damaged"),
            translate(
                "Nothing was deleted: the damaged file is kept. Network data is fetched again by itself; a wallet is "
                "brought back by its seed words, or from a backup under Settings."
            ),
        ),
        "newer_version": Advice(
            translate("The wallet was written by a newer Wren"),
            translate("Install the newer version again. This one does not touch the file, so that nothing is spoilt."),
        ),
    }


def _typing() -> Table:
    return {
        "bad_address": Advice(
            translate("This is no valid address"),
            translate(
                "A character is wrong or missing: its checksum does not fit. Copy it again from whoever gave it to "
                "you. Nothing was sent."
            ),
        ),
        "wrong_network": Advice(
            translate("The address belongs to another network"),
            translate("Test networks and the real one have addresses of their own: ask for one of this network."),
        ),
        "bad_amount": Advice(
            translate("The amount cannot be read"),
            translate("Write digits with at most one decimal mark, in the unit that is chosen beside the field."),
        ),
        "bad_uri": Advice(
            translate("The payment link cannot be trusted"),
            translate(
                "It is damaged, says something twice, or asks for what Wren does not know. Ask for the plain address "
                "and the amount instead."
            ),
        ),
        "bad_psbt": Advice(
            translate("The half-signed transaction cannot be used"),
            translate(
                "It is damaged, or what it says of its coins does not agree. Ask whoever made it for a fresh one; "
                "never sign what you cannot check."
            ),
        ),
        "not_found": Advice(
            translate("It is not in this wallet"),
            translate("Compare the id; a payment that was just made may need a moment, or the wallet is not synced."),
        ),
    }


def _paying() -> Table:
    return {
        "insufficient_funds": Advice(
            translate("There is not enough to spend"),
            translate(
                "The fee counts too, and frozen coins, payments that still wait and freshly mined coins do not. Send "
                "less, choose “Max”, or wait for a block."
            ),
        ),
        "fee_too_high": Advice(
            translate("The fee is unusually high"),
            translate(
                "It is more than a quarter of the amount, or more than 500 sat/vB: choose a slower fee, or type the "
                "fee as a number to accept it."
            ),
        ),
        "dust": Advice(
            translate("The amount is too small to be passed on"),
            translate("Peers do not relay amounts that cost more to spend than they are worth: send more."),
        ),
        "refused": Advice(
            translate("Wren refused"),
            translate("The message says why. Nothing was changed or sent; mend what it names and try again."),
        ),
    }


def _network() -> Table:
    return {
        "not_synced": Advice(
            translate("The wallet is not up to date yet"),
            translate(
                "Spending waits until the newest blocks were looked at, so that no coin is spent twice. The strip at "
                "the foot of the window says how long that takes."
            ),
        ),
        "no_peers": Advice(
            translate("No peer can be reached"),
            translate(
                "Look at the internet connection, the firewall (port 8333) and the proxy under Network. Payments wait "
                "in the wallet and are sent when a peer is there."
            ),
        ),
        "timeout": Advice(
            translate("It took too long"),
            translate("Nothing is lost; what was begun goes on by itself. Try again when more peers are connected."),
        ),
    }
