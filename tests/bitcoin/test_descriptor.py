"""Descriptors: the scripts that the BIPs list, and what is refused with which words.

Vectors: BIP380 (checksums, key expressions), 381 (pkh), 382 (wpkh, sh(wpkh)), 383 (several keys), 386 (tr), 389
(multipath); and 384 and 385 for what is refused.
"""

import pickle
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.descriptor import (
    Descriptor,
    DescriptorError,
    add_checksum,
    checksum,
    single_key_descriptor,
)
from wallet.bitcoin.hashes import sha256
from wallet.bitcoin.hdkey import HARDENED, ExtendedPublicKey, KeyOrigin, parse_path
from wallet.bitcoin.multisig import MultisigPolicy, find_multisig
from wallet.bitcoin.network import MAINNET, TESTNET4
from wallet.bitcoin.script import ScriptType, p2wsh
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.private_descriptor import publish

KEY = "03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd"
UNCOMPRESSED = (
    "04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd"
    "5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235"
)
WIF = "L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1"
_CHAINS = [{chain["path"]: chain for chain in vector["chains"]} for vector in load("bip32.json")["valid"]]
XPUB = _CHAINS[1]["m/0"]["public"]
XPRV = _CHAINS[1]["m"]["private"]
DEEP = _CHAINS[1]["m/0/2147483647h/1/2147483646h"]

parse = partial(Descriptor.parse, params=MAINNET)


def scripts(text: str, count: int = 1) -> list[str]:
    return [parse(text).script_at(index).script_pubkey.hex() for index in range(count)]


# ---- scripts


def test_one_key_alone_by_bip_381_382_386() -> None:
    assert scripts(f"pkh({KEY})") == ["76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac"]
    assert scripts(f"pkh([deadbeef/1/2'/3/4']{KEY})") == ["76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac"]
    assert scripts(f"pkh([deadbeef/1/2h/3/4h]{KEY})") == ["76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac"]
    assert scripts(f"wpkh({KEY})") == ["00149a1c78a507689f6f54b847ad1cef1e614ee23f1e"]
    taproot = "512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11"
    assert scripts(f"tr({KEY[2:]})") == [taproot]
    assert scripts(f"tr({KEY})") == [taproot]


def test_ranged_wpkh_of_bip382() -> None:
    assert scripts(f"wpkh([ffffffff/13']{XPUB}/1/2/*)", 3) == [
        "0014326b2249e3a25d5dc60935f044ee835d090ba859",
        "0014af0bd98abc2f2cae66e36896a39ffe2d32984fb7",
        "00141fa798efd1cbf95cebf912c031b8a4a6e9fb9f27",
    ]


def test_pkh_below_a_hardened_step_of_bip381() -> None:
    # The BIP has this key in two forms: as private key with the hardened step behind it, and as public key with origin.
    master = ExtendedPrivateKey.parse_text(XPRV, MAINNET)
    xpub = master.derive_path(parse_path("2147483647h")).public().to_text(MAINNET)
    text = f"pkh([{master.fingerprint.hex()}/2147483647h]{xpub}/0)"
    assert text.startswith("pkh([bd16bee5/2147483647h]xpub69H7F5dQzmVd3")
    assert scripts(text) == ["76a914ebdc90806a9c4356c1c88e42216611e1cb4c1c1788ac"]


def test_hardened_children_of_bip382_given_by_their_public_keys() -> None:
    parent = ExtendedPrivateKey.parse_text(_CHAINS[0]["m"]["private"], MAINNET).derive_path(parse_path("10/20/30/40"))
    keys = [parent.derive(index + HARDENED).public_key.hex() for index in range(3)]
    assert [scripts(f"sh(wpkh({key}))")[0] for key in keys] == [
        "a9149a4d9901d6af519b2a23d4a2f51650fcba87ce7b87",
        "a914bed59fc0024fae941d6e20a3b44a109ae740129287",
        "a9148483aa1116eb9c05c482a72bada4b1db24af654387",
    ]


def test_a_derived_script_says_what_spending_it_takes() -> None:
    derived = parse(f"sh(wpkh([d34db33f/49h]{XPUB}/1/*))").script_at(7)
    assert derived.type is ScriptType.P2SH_P2WPKH
    assert str(derived.origin) == "d34db33f/49h/1/7"
    assert derived.redeem_script is not None
    assert derived.redeem_script[:2] == b"\x00\x14"
    assert len(derived.public_key) == 33
    taproot = parse(f"tr({XPUB}/0/*)").script_at(0)
    assert (len(taproot.public_key), taproot.redeem_script) == (32, None)
    assert str(taproot.origin) == "5a61ff8e/0/0"  # BIP32, test vector 2: the fingerprint of m/0


def test_a_key_without_origin_is_its_own() -> None:
    assert str(parse(f"pkh({KEY})").script_at(0).origin) == "9a1c78a5"
    assert str(parse(f"tr({KEY[2:]})").script_at(0).origin) != ""


# ---- text


def test_text_is_written_with_h_and_a_checksum() -> None:
    text = str(parse(f"wpkh([FFFFFFFF/13']{XPUB}/1/2/*)"))
    assert text == f"wpkh([ffffffff/13h]{XPUB}/1/2/*)#0htvdtvj"
    assert str(parse(text)) == text
    assert str(parse(f"  {text}\n")) == text


def test_checksums_of_bip380() -> None:
    assert checksum("raw(deadbeef)") == "89f8spxm"
    assert add_checksum("raw(deadbeef)") == "raw(deadbeef)#89f8spxm"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raw(deadbeef)#", "has 8 characters, not 0"),
        ("raw(deadbeef)#89f8spxmx", "has 8 characters, not 9"),
        ("raw(deadbeef)#89f8spx", "has 8 characters, not 7"),
        ("raw(deedbeef)#89f8spxm", "checksum is wrong"),
        ("raw(deedbeef)##9f8spxm", "checksum is wrong"),
        ("raw(Ü)#00000000", "no 'Ü'"),
        ("raw(deadbeef)", "raw .* is not supported"),
        ("raw(deadbeef)#89f8spxm", "raw .* is not supported"),
    ],
)
def test_wrong_checksums_of_bip380_are_refused(text: str, why: str) -> None:
    with pytest.raises(DescriptorError, match=why):
        parse(text)


@given(place=st.integers(0, 180), other=st.sampled_from("0123456789abcdefh/*[]()'"))
def test_one_wrong_character_never_passes_a_checksum(place: int, other: str) -> None:
    text = str(parse(f"wpkh([ffffffff/13h]{XPUB}/<0;1>/*)"))
    place %= len(text)
    if text[place] != other:
        with pytest.raises(DescriptorError):
            parse(text[:place] + other + text[place + 1 :])


# ---- multipath, by BIP389


def test_multipath_stands_for_its_branches() -> None:
    both = parse(f"wpkh([ffffffff/13h]{XPUB}/<1;3>/2/*)")
    assert both.is_multipath
    assert [str(branch) for branch in both.branches()] == [
        add_checksum(f"wpkh([ffffffff/13h]{XPUB}/1/2/*)"),
        add_checksum(f"wpkh([ffffffff/13h]{XPUB}/3/2/*)"),
    ]
    with pytest.raises(DescriptorError, match="in each of its branches"):
        both.script_at(0)
    assert str(parse(str(both))) == str(both)


def test_multipath_may_have_more_than_two_branches_and_no_range() -> None:
    three = parse(f"pkh({XPUB}/<0;1;2>)")
    assert [branch.script_at(0) for branch in three.branches()] == [
        parse(f"pkh({XPUB}/{number})").script_at(0) for number in range(3)
    ]


def test_one_path_is_its_only_branch() -> None:
    one = parse(f"pkh({XPUB}/0/*)")
    assert one.branches() == (one,)
    assert not one.is_multipath


@pytest.mark.parametrize(
    "path", ["<0;1>/<2;3>", "<>/*", "0>/*", "<0/*", "<0;>/*", "<0>/*", "<0;0>/*", "<0;1h>/*", "<<0;1>>/*", "<0;1>x/*"]
)
def test_broken_multipaths_are_refused(path: str) -> None:
    with pytest.raises(DescriptorError):
        parse(f"wpkh({XPUB}/{path})")


def test_multipath_in_an_origin_is_refused() -> None:
    with pytest.raises(DescriptorError):
        parse(f"pkh([deadbeef/<0;1>]{XPUB}/0)")


# ---- refused, with the reason


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"pk({KEY})", "bare public key"),
        (f"wsh(pkh({KEY}))", "wsh .* not supported"),
        (f"sh(wsh(pkh({KEY})))", "wsh .* not supported"),
        (f"multi(1,{KEY})", "several keys"),
        (f"sortedmulti(1,{KEY})", "several keys"),
        (f"combo({KEY})", "one descriptor for each"),
        ("addr(3PUNyaW7M55oKWJ3kDukwk9bsKvryra15j)", "an address without a key"),
        (f"rawtr({KEY[2:]})", "rawtr"),
        (f"tr({KEY[2:]},pk({KEY}))", "tr with scripts"),
        (f"tr(musig({KEY},{KEY})/0/*)", "not supported|script"),
        (f"sh({KEY})", "written like"),
        (f"sh(sh(pkh({KEY})))", "sh inside sh"),
        (f"sh(pkh({KEY}))", "pkh inside sh"),
        (f"sh(tr({KEY[2:]}))", "tr inside sh"),
        (f"wpkh(wsh(pkh({KEY})))", "a key is expected"),
        (f"pkh(pk({KEY}))", "a key is expected"),
        (f"foo({KEY})", "no kind of descriptor"),
        (f"wpkh({UNCOMPRESSED})", "uncompressed"),
        (f"sh(wpkh({UNCOMPRESSED}))", "uncompressed"),
        (f"tr({UNCOMPRESSED})", "uncompressed"),
        (f"pkh({UNCOMPRESSED})", "uncompressed"),
        (f"wpkh({KEY[2:]})", "66 hex digits"),
        (f"wpkh({WIF})", "private key"),
        ("wpkh(5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss)", "private key"),
        (f"wpkh({XPRV}/0/*)", "private key"),
        (f"wpkh({XPUB}/0h/*)", "hardened"),
        (f"wpkh({XPUB}/0/*h)", "hardened"),
        (f"wpkh({XPUB}/0/*')", "hardened"),
        (f"wpkh({XPUB}/*/0)", "path step"),
        (f"wpkh({XPUB}/2147483648)", "path step"),
        (f"wpkh({XPUB}/1aa)", "path step"),
        (f"wpkh({XPUB}//*)", "path step"),
        (f"wpkh({KEY}/0)", "only an extended key"),
        (f"wpkh([deadbeef/0h/*]{KEY})", "path step"),
        (f"wpkh([deadbeef/0h/]{KEY})", "path step|slash"),
        (f"wpkh([deadbef/0h]{KEY})", "8 hex digits"),
        (f"wpkh([deadbeeef/0h]{KEY})", "8 hex digits"),
        (f"wpkh([gaaaaaaa]{KEY})", "8 hex digits"),
        (f"wpkh([deadbeef/0f]{KEY})", "path step"),
        (f"wpkh([deadbeef/0H]{KEY})", "path step"),
        (f"wpkh([deadbeef/-0]{KEY})", "path step"),
        (f"wpkh([aaaaaaaa][aaaaaaaa]{KEY})", "once"),
        (f"wpkh(aaaaaaaa]{KEY})", "brackets"),
        (f"wpkh([aaaaaaaa{KEY})", "brackets"),
        ("wpkh([deadbeef])", "neither"),
        ("wpkh()", "neither"),
        (f"wpkh(02{'00' * 32})", "no point"),
        (f"wpkh({XPUB[:-1]}M/0/*)", "checksum"),
        ("", "written like"),
        (XPUB, "written like"),
        (f"wpkh ({KEY})", "written like"),
        ("a" * 5000, "too long"),
    ],
)
def test_out_of_scope_and_broken_descriptors_are_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(DescriptorError, match=why) as caught:
        parse(text)
    assert caught.value.code == "bad_descriptor"


def test_another_networks_key_is_refused() -> None:
    tpub = ExtendedPublicKey.parse_text(XPUB, MAINNET).to_text(TESTNET4)
    with pytest.raises(DescriptorError, match="test network"):
        parse(f"wpkh({tpub}/0/*)")
    with pytest.raises(DescriptorError, match="main network"):
        Descriptor.parse(f"wpkh({XPUB}/0/*)", TESTNET4)


def test_indices_out_of_bounds_are_refused() -> None:
    ranged, single = parse(f"wpkh({XPUB}/*)"), parse(f"wpkh({XPUB}/0)")
    assert ranged.is_ranged
    assert not single.is_ranged
    assert ranged.script_at(HARDENED - 1).origin.path == (HARDENED - 1,)
    for descriptor, index in ((ranged, -1), (ranged, HARDENED), (single, 1)):
        with pytest.raises(DescriptorError, match="no script number"):
            descriptor.script_at(index)


def test_a_child_key_that_does_not_exist_has_no_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallet.bitcoin.hdkey.hmac_sha512", lambda *_: b"\xff" * 64)
    for text in (f"wpkh({XPUB}/*)", f"wpkh({XPUB}/0)"):
        with pytest.raises(DescriptorError, match="does not exist"):
            parse(text).script_at(0)


# ---- made from parts


def test_a_descriptor_from_parts_is_the_one_from_text() -> None:
    xpub = ExtendedPublicKey.parse_text(DEEP["public"], MAINNET)
    origin = KeyOrigin.parse_text("d34db33f/84h/0h/0h")
    for kind, text in (
        (ScriptType.P2PKH, "pkh({})"),
        (ScriptType.P2SH_P2WPKH, "sh(wpkh({}))"),
        (ScriptType.P2WPKH, "wpkh({})"),
        (ScriptType.P2TR, "tr({})"),
    ):
        made = single_key_descriptor(kind, origin, xpub, 1, MAINNET)
        assert made == parse(text.format(f"[d34db33f/84h/0h/0h]{DEEP['public']}/1/*"))
        assert made.type is kind
    both = single_key_descriptor(ScriptType.P2WPKH, None, xpub, (0, 1), MAINNET)
    assert str(both) == add_checksum(f"wpkh({DEEP['public']}/<0;1>/*)")


def test_parts_that_make_no_descriptor_are_refused() -> None:
    xpub = ExtendedPublicKey.parse_text(XPUB, MAINNET)
    with pytest.raises(DescriptorError):
        single_key_descriptor(ScriptType.P2WSH, None, xpub, 0, MAINNET)
    with pytest.raises(DescriptorError, match="0h"):
        single_key_descriptor(ScriptType.P2WPKH, None, xpub, HARDENED, MAINNET)


def test_a_used_descriptor_crosses_to_another_process_unchanged() -> None:
    descriptor = parse(f"tr({XPUB}/0/*)")
    descriptor.script_at(0)
    assert pickle.loads(pickle.dumps(descriptor)) == descriptor  # noqa: S301 -- made in this line


# ---- several keys (BIP383)

BIP383 = load("bip383.json")


def test_scripts_of_several_keys_by_bip383() -> None:
    for case in BIP383["valid"]:
        kept: list[ExtendedPrivateKey] = []
        text = publish(case["descriptor"], MAINNET, kept.append)
        assert scripts(text) == case["scripts"]
        assert str(parse(text)) == text
        for key in kept:
            key.wipe()
    for text in BIP383["invalid"]:
        with pytest.raises(DescriptorError, match=r"how many keys must sign|1 to 15 keys"):
            parse(text)


def test_sorted_keys_stand_in_the_script_by_their_bytes() -> None:
    descriptor = parse(f"wsh({BIP383['inner']['descriptor']})")
    found = [descriptor.script_at(index) for index in range(3)]
    assert [(each.witness_script or b"").hex() for each in found] == BIP383["inner"]["scripts"]
    assert all(each.script_pubkey == p2wsh(sha256(each.witness_script or b"")) for each in found)
    assert [origin.path[-1] for each in found for _, origin in each.keys] == [0, 0, 1, 1, 2, 2]
    assert descriptor.multisig == MultisigPolicy(2, 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"wsh(sortedmulti(02,{KEY}))", "how many keys must sign"),
        ("wsh(sortedmulti(1))", "takes 1 to 20 keys"),
        (f"wsh(sortedmulti(1{f',{KEY}' * 21}))", "takes 1 to 20 keys"),
        (f"wsh(sortedmulti(1,{KEY},{KEY}))", "the same key stands there twice"),
        (f"wsh(multi_a(1,{KEY}))", "multi_a"),
        (f"sh(sh(multi(1,{KEY})))", "sh inside sh"),
        (f"wsh(wsh(multi(1,{KEY})))", "wsh inside wsh"),
        (f"wsh(sortedmulti(1,{KEY},pk({KEY})))", "a key is expected"),
        (f"wsh(sortedmulti(1,{KEY[2:]}))", "66 hex digits"),
        (f"wsh(sortedmulti(1,{UNCOMPRESSED}))", "uncompressed"),
        (f"wsh(sortedmulti(1,{XPUB}/<0;1>/*,{XPUB}/<2;3;4>/*))", "different numbers"),
        (f"wsh(sortedmulti(1,{KEY})", "is written like"),
        (f"wsh(sortedmulti(1,{XPRV}/*))", "private key"),
    ],
    ids=range(13),
)
def test_broken_scripts_of_several_keys_are_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(DescriptorError, match=why):
        parse(text)


def test_several_keys_branch_together_and_plain_ones_stay() -> None:
    descriptor = parse(f"sh(wsh(sortedmulti(1,{XPUB}/7/*,{KEY},{XPUB}/<0;1>/*)))")
    assert descriptor.is_multipath
    assert descriptor.is_ranged
    assert parse(str(descriptor)) == descriptor
    with pytest.raises(DescriptorError, match="alternatives"):
        descriptor.script_at(0)
    for number, branch in enumerate(descriptor.branches()):
        assert str(branch).startswith(f"sh(wsh(sortedmulti(1,{XPUB}/7/*,{KEY},{XPUB}/{number}/*)))#")
        at = branch.script_at(5)
        assert [origin.path for _, origin in at.keys] == [(7, 5), (), (number, 5)]
        assert (at.public_key, at.origin) == at.keys[0]
        assert at.type is ScriptType.P2SH_P2WSH


@given(st.binary(max_size=120))
def test_what_reads_as_a_script_of_several_keys_comes_back(raw: bytes) -> None:
    found = find_multisig(raw)
    assert found is None or found.serialize() == raw
