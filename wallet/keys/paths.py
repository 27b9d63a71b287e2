"""Where wallets keep their accounts: the paths that a restore looks at beside those of BIP44, 49, 84 and 86.

The table is that of Electrum's search for wallets of BIP39 phrases (`bip39_wallet_formats.json` in its sources), the
three standard rows left out, and two rows more: legacy addresses on the BIP84 path, and the root of an extended key,
which is where Electrum's own standard wallets have their branches. On test networks coin type 1 takes the place of 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wallet.bitcoin.hdkey import HARDENED
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.script import ScriptType


@dataclass(frozen=True, slots=True)
class WalletPath:
    """One place to look at. path: where the branches 0 and 1 lie, for the coin type given to `known_paths`."""

    name: str
    type: ScriptType
    path: tuple[int, ...]

    @property
    def account(self) -> int:
        """The account's number: the last step, where it is hardened."""
        return self.path[-1] - HARDENED if self.path and self.path[-1] >= HARDENED else 0


_COIN: Final = -1
_LAST: Final = (1 << 31) - 1
# Name, script type, and the steps of the path, all of them hardened; _COIN stands for the coin type.
_ROWS: Final = (
    ("BRD, Hive, MultiBit HD", ScriptType.P2PKH, (0,)),
    ("nested segwit at m/0h", ScriptType.P2SH_P2WPKH, (0,)),
    ("BRD and Electrum segwit", ScriptType.P2WPKH, (0,)),
    ("Copay segwit", ScriptType.P2WPKH, (44, _COIN, 0)),
    ("nested segwit on the BIP44 path", ScriptType.P2SH_P2WPKH, (44, _COIN, 0)),
    ("legacy on the BIP84 path", ScriptType.P2PKH, (84, _COIN, 0)),
    ("Samourai toxic change", ScriptType.P2WPKH, (84, _COIN, _LAST - 3)),
    ("Samourai pre-mix", ScriptType.P2WPKH, (84, _COIN, _LAST - 2)),
    ("Samourai post-mix", ScriptType.P2WPKH, (84, _COIN, _LAST - 1)),
    ("Samourai Ricochet legacy", ScriptType.P2PKH, (44, _COIN, _LAST)),
    ("Samourai Ricochet nested segwit", ScriptType.P2SH_P2WPKH, (49, _COIN, _LAST)),
    ("Samourai Ricochet segwit", ScriptType.P2WPKH, (84, _COIN, _LAST)),
)


def known_paths(params: ChainParams) -> Iterator[WalletPath]:
    """The places beside the standard ones, for this network."""
    for name, kind, steps in _ROWS:
        path = tuple([(params.coin_type if step == _COIN else step) + HARDENED for step in steps])
        yield WalletPath(name, kind, path)
