"""What a PSBT knows about one input and about one output (BIP174, BIP371)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.psbt_fields import TapDerivation
from wallet.bitcoin.transaction import Transaction, TxOut


@dataclass(frozen=True, slots=True)
class PsbtInput:
    """What is known about one input. Mappings are by public key (33 or 65 bytes; x-only 32 in the tap_ fields).

    `partial_sigs` are DER with the sighash byte; `unknown` maps whole keys. `order` is how the keys stood when read.
    `required_time`, `required_height`: the locktime that this input needs (version 2 alone).
    """

    non_witness_utxo: Transaction | None = None
    witness_utxo: TxOut | None = None
    partial_sigs: Mapping[bytes, bytes] = field(default_factory=dict)
    sighash_type: int | None = None
    redeem_script: bytes | None = None
    witness_script: bytes | None = None
    derivations: Mapping[bytes, KeyOrigin] = field(default_factory=dict)
    final_script_sig: bytes | None = None
    final_witness: tuple[bytes, ...] | None = None
    tap_key_sig: bytes | None = None
    tap_script_sigs: Mapping[bytes, bytes] = field(default_factory=dict)
    tap_leaf_scripts: Mapping[bytes, bytes] = field(default_factory=dict)
    tap_derivations: Mapping[bytes, TapDerivation] = field(default_factory=dict)
    tap_internal_key: bytes | None = None
    tap_merkle_root: bytes | None = None
    required_time: int | None = None
    required_height: int | None = None
    unknown: Mapping[bytes, bytes] = field(default_factory=dict)
    order: tuple[bytes, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_final(self) -> bool:
        """Whether everything that spending takes is there."""
        return bool(self.final_script_sig) or bool(self.final_witness)


@dataclass(frozen=True, slots=True)
class PsbtOutput:
    """What is known about one output, for whoever wants to recognise change. As in `PsbtInput`."""

    redeem_script: bytes | None = None
    witness_script: bytes | None = None
    derivations: Mapping[bytes, KeyOrigin] = field(default_factory=dict)
    tap_internal_key: bytes | None = None
    tap_tree: bytes | None = None
    tap_derivations: Mapping[bytes, TapDerivation] = field(default_factory=dict)
    unknown: Mapping[bytes, bytes] = field(default_factory=dict)
    order: tuple[bytes, ...] = field(default=(), compare=False, repr=False)
