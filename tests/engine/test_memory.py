"""Requests, labels, people, search, statements and the rate, through the real engine and its files."""

import asyncio
import csv
import json
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import FOREIGN, World
from tests.ledger.world import pay
from wallet.bitcoin.address import address_from_script, parse_address
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.transaction import Transaction
from wallet.engine import api, rates
from wallet.engine.backup import backup_content
from wallet.engine.backup_notes import fill_notes
from wallet.ledger.keychain import ScriptRef

Story = Callable[[World], Awaitable[None]]
REGTEST = NETWORKS["regtest"]
UNSEEN = f"{'ab' * 32}:1"


def play(folder: Path, story: Story) -> None:
    async def whole() -> None:
        world = World(folder / "data")
        await world.create()
        world.chain.mine(2)
        try:
            await story(world)
        finally:
            await world.engine.close()

    asyncio.run(whole())


async def refused(world: World, command: api.Command[object], match: str | None = None) -> str:
    with pytest.raises(api.WrenError, match=match) as failure:
        await world.engine.run(command)
    return failure.value.code


async def reopen(world: World) -> None:
    await world.engine.run(api.CloseWallet())
    await world.engine.run(api.OpenWallet("default"))


def script_of(address: str) -> bytes:
    return parse_address(address, REGTEST).script_pubkey


def show(world: World, payment: Transaction, now: int = 1_700_000_000) -> None:
    """Have a peer announce a payment."""
    world.session.ledger.apply_unconfirmed(payment, now)


# --- requests ---


def test_a_request_from_asking_to_proof_and_back_and_away(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        asked = await run(api.GetReceiveAddress(label=" rent \n of May", amount=5_000, expires=3_600))
        plain = await run(api.GetReceiveAddress())
        assert plain.address != asked.address  # nobody else is sent to an address that was asked for

        async def state() -> tuple[str, int, int]:
            (row,) = await run(api.GetRequests())
            assert (row.address, row.amount, row.label, row.uri) == (asked.address, 5_000, "rent of May", asked.uri)
            assert row.expires is not None
            assert row.expires - row.created == timedelta(seconds=3_600)
            return row.state, row.received, row.proven

        assert await state() == ("waiting", 0, 0)
        script = script_of(asked.address)
        first = world.chain.pay((script, 2_000))
        show(world, first)
        assert await state() == ("underpaid", 2_000, 0)
        second = world.chain.pay((script, 3_000))
        show(world, second)
        assert await state() == ("seen", 5_000, 0)
        await world.sync()
        world.chain.mine(1, (first, second))
        await world.sync()
        assert await state() == ("proven", 5_000, 5_000)
        show(world, pay([(script, 1)]))
        assert await state() == ("proven", 5_001, 5_000)

        await run(api.ArchiveRequest(asked.address))
        await reopen(world)
        assert await run(api.GetRequests()) == ()
        assert [row.archived for row in await run(api.GetRequests(archived=True))] == [True]
        await run(api.ArchiveRequest(asked.address, archived=False))
        assert len(await run(api.GetRequests())) == 1
        await run(api.DeleteRequest(asked.address))
        await reopen(world)
        assert await run(api.GetRequests(archived=True)) == ()
        assert await refused(world, api.DeleteRequest(asked.address)) == "not_found"
        assert await refused(world, api.DeleteRequest("nonsense")) == "bad_address"
        assert (await run(api.GetReceiveAddress(fresh=True))).address not in (asked.address, plain.address)

    play(tmp_path, story)


def test_a_request_ends_and_money_that_comes_later_still_counts(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        now = [1_700_000_000.0]
        world.engine._parts = replace(world.engine._parts, clock=lambda: now[0])
        world.engine._handlers = world.engine._table()
        run = world.engine.run
        asked = await run(api.GetReceiveAddress(fresh=True, amount=7_000, expires=60))
        now[0] += 59
        assert (await run(api.GetRequests()))[0].state == "waiting"
        now[0] += 1
        assert (await run(api.GetRequests()))[0].state == "expired"
        show(world, pay([(script_of(asked.address), 7_000)]), int(now[0]) + 5)
        (row,) = await run(api.GetRequests())
        assert (row.state, row.late) == ("seen", True)
        show(world, pay([(script_of(asked.address), 9_000)]), int(now[0]) + 6)
        assert (await run(api.GetRequests()))[0].state == "seen"  # too much, but none of it is certain

    play(tmp_path, story)


@pytest.mark.parametrize(("amount", "expires"), [(0, None), (-1, None), (21 * 10**14 + 1, None), (1, 0), (1, 1 << 40)])
def test_what_cannot_be_asked_for(tmp_path: Path, amount: int, expires: int | None) -> None:
    async def story(world: World) -> None:
        before = await world.engine.run(api.GetAddresses())
        assert await refused(world, api.GetReceiveAddress(fresh=True, amount=amount, expires=expires))
        assert await refused(world, api.GetReceiveAddress(fresh=True, label="x" * 256)) == "refused"
        assert await world.engine.run(api.GetAddresses()) == before

    play(tmp_path, story)


# --- labels ---


def bip329(kind: str, ref: str, **more: Any) -> str:
    return json.dumps({"type": kind, "ref": ref, **more}, ensure_ascii=False)


def test_labels_leave_and_come_back_whole(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(90_000)
        run = world.engine.run
        (row,) = await run(api.GetHistory())
        (coin,) = await run(api.GetCoins())
        xpub = (await run(api.GetDescriptors()))[0].descriptor.partition("]")[2].partition("/")[0]
        origin = "wpkh([00000000/84'/0'/7'])"
        lines = [
            bip329("tx", row.txid, label="Salär", height=3, rate={"CHF": 90000.10}),
            bip329("tx", row.txid, label="another wallet's word", origin=origin),
            bip329("addr", coin.address, label="  two  spaces ", heights=[1, 2]),
            bip329("output", coin.outpoint, label="sélected", spendable=False),
            bip329("output", UNSEEN, spendable=False),
            bip329("input", f"{row.txid}:0", label="in"),
            bip329("pubkey", "02" * 33, label="a key"),
            bip329("xpub", xpub, label="all keys"),
            bip329("invoice", "17", label="a type of tomorrow", data={"deep": [1, {"er": None}]}),
            '{ "type":"invoice",  "ref":"18", "ratio": 1.50 }',
        ]
        file = tmp_path / "labels.jsonl"
        file.write_text("\ufeff" + "\r\n".join(lines) + "\n\n", encoding="utf-8")
        report = await run(api.ImportLabels(str(file)))
        assert (report.read, report.added, report.frozen, report.kept, report.conflicts) == (10, 6, 2, 5, ())
        again = await run(api.ImportLabels(str(file)))
        assert (again.added, again.frozen, again.kept, again.unchanged) == (0, 0, 0, 6)

        assert [entry.label for entry in await run(api.GetHistory())] == ["Salär"]
        (now,) = await run(api.GetCoins())
        assert (now.label, now.frozen, now.spendable) == ("sélected", True, False)
        await reopen(world)
        out = tmp_path / "out.jsonl"
        written = await run(api.ExportLabels(str(out)))
        assert (written.rows, stat.S_IMODE(out.stat().st_mode)) == (10, 0o600)
        assert sorted(out.read_text(encoding="utf-8").splitlines()) == sorted(lines)

        # what the user changes afterwards leaves with everything else that the record said
        await run(api.SetLabel("tx", row.txid, "wages"))
        await run(api.SetFrozen(coin.outpoint, False))
        await run(api.ExportLabels(str(out)))  # over the earlier export
        records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert {"type": "tx", "ref": row.txid, "label": "wages", "height": 3, "rate": {"CHF": 90000.1}} in records
        assert {"type": "output", "ref": coin.outpoint, "label": "sélected"} in records

        other = World(tmp_path / "other", world.chain)
        await other.create()
        await other.engine.run(api.ImportLabels(str(out)))
        third = tmp_path / "third.jsonl"
        await other.engine.run(api.ExportLabels(str(third)))
        assert third.read_text(encoding="utf-8") == out.read_text(encoding="utf-8")
        await other.engine.close()

    play(tmp_path, story)


def test_a_coin_that_is_yet_to_be_found_stays_frozen(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        address = (await world.engine.run(api.GetReceiveAddress())).address
        world.chain.mine(120)
        payment = world.chain.pay((script_of(address), 50_000))
        file = tmp_path / "labels.jsonl"
        file.write_text(bip329("output", f"{payment.txid}:0", spendable=False))
        await world.engine.run(api.ImportLabels(str(file)))
        await reopen(world)
        await world.sync()
        world.chain.mine(1, (payment,))
        await world.sync()
        (coin,) = await world.engine.run(api.GetCoins())
        assert (coin.frozen, coin.spendable) == (True, False)
        with pytest.raises(api.WrenError):
            await world.prepare(10_000)

    play(tmp_path, story)


def test_where_file_and_wallet_differ_the_rule_decides_and_all_is_listed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(90_000)
        run = world.engine.run
        (row,) = await run(api.GetHistory())
        (coin,) = await run(api.GetCoins())
        await run(api.SetLabel("tx", row.txid, "mine"))
        await run(api.SetFrozen(coin.outpoint, True))
        file = tmp_path / "labels.jsonl"
        lines = [
            bip329("tx", row.txid, label="theirs"),
            bip329("output", coin.outpoint, label="new", spendable=True),
        ]
        file.write_text("\n".join(lines))

        async def now() -> tuple[str, str, bool]:
            (entry,), (found,) = await run(api.GetHistory()), await run(api.GetCoins())
            return entry.label, found.label, found.frozen

        told = await run(api.ImportLabels(str(file), dry_run=True))
        assert [(each.line, each.mine, each.theirs) for each in told.conflicts] == [
            (1, "mine", "theirs"),
            (2, "frozen", "spendable"),
        ]
        assert not told.changed
        assert await refused(world, api.ImportLabels(str(file), "refuse"), "lines 1, 2") == "refused"
        assert await now() == ("mine", "", True)
        assert (await run(api.ImportLabels(str(file)))).conflicts == told.conflicts
        assert await now() == ("mine", "new", True)
        assert len((await run(api.ImportLabels(str(file), "replace"))).conflicts) == 2
        assert await now() == ("theirs", "new", False)

    play(tmp_path, story)


BAD_LINES = [
    (b"nonsense", "JSON object"),
    (b"[1]", "JSON object"),
    (b"[" * 50_000, "JSON object"),
    (b'{"type": "tx", "ref": "zz", "label": "x"}', "transaction id"),
    (b'{"type": "output", "ref": "' + b"ab" * 32 + b':01"}', "a number"),
    (b'{"type": "addr", "ref": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "label": "x"}', "Mainnet"),
    (b'{"type": "tx", "label": "x"}', "a type and a ref"),
    (b'{"type": "new", "ref": 7}', "not a text"),
    (b'{"type": "new", "ref": "7", "ref": "8"}', "twice"),
    (b'{"type": "new", "ref": "7", "x": NaN}', "NaN"),
    (b'{"type": "new", "ref": "\\ud800"}', "no text has"),
    (b'{"type": "new", "ref": "\xff"}', "UTF-8"),
    (b'{"type": "tx", "ref": "' + b"ab" * 32 + b'", "label": "' + b"x" * 256 + b'"}', "at most 255 characters"),
    (b'{"type": "tx", "ref": "' + b"ab" * 32 + b'", "label": 7}', "not a text"),
    (b'{"type": "output", "ref": "' + b"ab" * 32 + b':0", "spendable": "false"}', "neither true nor false"),
    (b'{"type": "new", "ref": "7", "x": "' + b"x" * 70_000 + b'"}', "at most 65,536 bytes"),
    (b'{"type": "addr", "ref": "' + FOREIGN.encode() + b'", "label": "other"}', "line 1"),
]


@pytest.mark.parametrize(("line", "says"), BAD_LINES, ids=[says for _, says in BAD_LINES])
def test_a_bad_line_is_told_by_its_number_and_nothing_is_taken(tmp_path: Path, line: bytes, says: str) -> None:
    async def story(world: World) -> None:
        file = tmp_path / "labels.jsonl"
        good = bip329("addr", FOREIGN, label="good").encode()
        file.write_bytes(good + b"\n\n" + line + b"\n")
        assert await refused(world, api.ImportLabels(str(file)), rf"line 3: .*{says}") == "refused"
        assert not world.session.ledger.labels
        report = await world.engine.run(api.ImportLabels(str(file), skip_bad=True))
        assert [bad.line for bad in report.bad] == [3]
        assert says in report.bad[0].reason
        assert list(world.session.ledger.labels.values()) == ["good"]

    play(tmp_path, story)


def test_an_export_never_harms_a_file_of_another_kind(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        precious = tmp_path / "precious"
        precious.write_text("my novel")
        os.mkfifo(tmp_path / "pipe")
        for command in (api.ExportLabels, api.ExportHistory):
            for place in (precious, tmp_path, tmp_path / "none" / "file", tmp_path / "pipe"):
                assert await refused(world, command(str(place))) == "refused"
            assert await refused(world, command("a\0b")) == "refused"
        assert precious.read_text() == "my novel"
        await world.engine.run(api.ExportHistory(str(precious), overwrite=True))
        await world.engine.run(api.ExportHistory(str(precious)))
        assert precious.read_text().startswith('"time","txid"')

    play(tmp_path, story)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "pipe", "precious"]


# --- people ---


def test_people_change_their_addresses_and_what_looks_wrong_is_said(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(90_000)
        run = world.engine.run
        own = (await run(api.GetReceiveAddress())).address
        first = await run(api.SetContact("  Zoë \t Müller", f"bitcoin:{FOREIGN.upper()}?amount=1&label=x", "the baker"))
        assert (first.name, first.address, first.note, first.paid, first.advice) == (
            "Zoë Müller", FOREIGN, "the baker", 0, "",
        )  # fmt: skip
        await world.send(await world.prepare(20_000))
        (row,) = await run(api.GetContacts())
        assert row.paid == 1
        assert "ask for a fresh one" in row.advice
        review = await world.prepare(10_000)
        assert "reuse" in [warning.code for warning in review.warnings]

        newer = address(b"\x00\x14" + b"\x07" * 20)
        moved = await run(api.SetContact("zoë müller", newer))
        assert (moved.name, moved.address, moved.earlier, moved.note) == ("Zoë Müller", newer, (FOREIGN,), "the baker")
        review = await world.prepare(10_000)
        (old,) = [warning for warning in review.warnings if warning.code == "old_address"]
        assert newer in old.text
        await reopen(world)
        assert await run(api.GetContacts()) == (moved,)

        assert "of this wallet" in (await run(api.SetContact("me", own))).advice
        assert "Zoë" in (await run(api.SetContact("thief", FOREIGN))).advice
        renamed = await run(api.RenameContact("zoë müller", " Zoë   Meier "))
        assert renamed == replace(moved, name="Zoë Meier")
        assert await run(api.RenameContact("Zoë Meier", "zoë meier")) == replace(moved, name="zoë meier")
        assert await refused(world, api.RenameContact("zoë meier", "Thief"), "another contact") == "refused"
        assert await refused(world, api.RenameContact("nobody", "x")) == "not_found"
        assert await refused(world, api.RenameContact("thief", " ")) == "refused"
        await run(api.RenameContact("zoë meier", moved.name))
        await run(api.RemoveContact("THIEF"))
        assert [row.name for row in await run(api.GetContacts())] == ["me", "Zoë Müller"]
        for name, text, code in (
            ("", FOREIGN, "refused"),
            ("x" * 101, FOREIGN, "refused"),
            ("a\u202eb", FOREIGN, "refused"),
            ("x", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "wrong_network"),
            ("x", "nonsense", "bad_address"),
            ("x", f"bitcoin:{FOREIGN}?req-x=1", "bad_uri"),
        ):
            assert await refused(world, api.SetContact(name, text)) == code
        assert await refused(world, api.RemoveContact("nobody")) == "not_found"

    play(tmp_path, story)


def address(script: bytes) -> str:
    found = address_from_script(script, REGTEST)
    assert found is not None
    return found.text


def poisoned(text: str, characters: int = 3) -> str:
    """An address with the same ends and another middle, found as a thief would: by trying."""
    script = script_of(text)
    for number in range(1 << 22):
        other = script[: len(script) - 15] + number.to_bytes(13, "big") + script[-2:]
        found = address(other)
        if found[-characters:] == text[-characters:] and found != text:
            return found
    raise AssertionError("unlucky")


def test_a_poisoned_address_is_told_from_the_one_it_imitates(tmp_path: Path) -> None:
    victim = address(b"\x00\x14" + bytes(range(40, 60)))
    thief = poisoned(victim)
    assert (thief[:8], thief[-3:]) == (victim[:8], victim[-3:])

    async def story(world: World) -> None:
        await world.fund(200_000)

        async def codes(text: str) -> list[str]:
            return [warning.code for warning in (await world.prepare(10_000, text)).warnings]

        assert "look_alike" not in await codes(thief)
        await world.send(await world.prepare(20_000, victim))
        review = await world.prepare(10_000, thief)
        (warning,) = [warning for warning in review.warnings if warning.code == "look_alike"]
        assert thief in warning.text
        assert victim in warning.text
        assert "look_alike" not in await codes(victim)
        assert "look_alike" not in await codes(FOREIGN)

    play(tmp_path / "history", story)

    async def by_contact(world: World) -> None:
        await world.fund(200_000)
        await world.engine.run(api.SetContact("the landlord", victim))
        review = await world.prepare(10_000, thief)
        assert "look_alike" in [warning.code for warning in review.warnings]
        assert victim in (await world.engine.run(api.SetContact("his son", thief))).advice
        # who keeps the thief as a contact knows whose address it is
        assert "look_alike" not in [warning.code for warning in (await world.prepare(10_000, thief)).warnings]

    play(tmp_path / "contacts", by_contact)

    async def own_address(world: World) -> None:
        await world.fund(200_000)
        own = (await world.engine.run(api.GetAddresses()))[0].address
        codes = [warning.code for warning in (await world.prepare(10_000, own)).warnings]
        assert "own_address" in codes
        assert "look_alike" not in codes
        assert "look_alike" in [warning.code for warning in (await world.prepare(10_000, poisoned(own))).warnings]

    play(tmp_path / "own", own_address)


def test_dust_from_strangers_is_told_and_unproven_money_is_left_alone(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(90_000)
        (coin,) = await world.engine.run(api.GetCoins())
        fresh = (await world.engine.run(api.GetReceiveAddress(fresh=True))).address
        show(world, pay([(script_of(coin.address), 546)]), 2_000_000_000)
        show(world, pay([(script_of(fresh), 547)]), 2_000_000_000)
        show(world, pay([(script_of(coin.address), 40_000)]), 2_000_000_000)
        rows = {row.amount: row.warning for row in await world.engine.run(api.GetHistory())}
        assert rows == {90_000: "", 546: "dust_gift", 547: "", 40_000: ""}
        coins = {row.amount: row for row in await world.engine.run(api.GetCoins())}
        assert {amount: row.warning for amount, row in coins.items()} == rows
        with pytest.raises(api.WrenError) as failure:
            await world.prepare(100_000)  # unproven money of others is not spent unasked
        assert failure.value.code == "insufficient_funds"
        order = api.PreparePayment(
            ((FOREIGN, 80_000),), fee_rate=2.0, coins=(coin.outpoint, coins[546].outpoint), spend_unconfirmed=True
        )
        codes = [warning.code for warning in (await world.engine.run(order)).warnings]
        assert {"dust_gift", "unconfirmed"} <= set(codes)
        order = replace(order, coins=(coin.outpoint, coins[40_000].outpoint))
        codes = [warning.code for warning in (await world.engine.run(order)).warnings]
        assert "dust_gift" not in codes

    play(tmp_path, story)


# --- search ---


def test_everything_is_found_by_what_one_remembers_of_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(90_000, 1_234_567)
        run = world.engine.run
        sent = await world.send(await world.prepare(20_000))
        coins = {coin.amount: coin for coin in await run(api.GetCoins())}
        coin = coins.get(1_234_567) or coins[90_000]
        await run(api.SetLabel("tx", sent.txid, "Straße 7"))
        await run(api.SetLabel("output", coin.outpoint, "from Zoë"))
        await run(api.SetLabel("addr", coin.address, "Zoë's rent"))
        await run(api.SetContact("Zoë", FOREIGN))

        async def find(text: str) -> set[tuple[str, str, str]]:
            answer = await run(api.Search(text))
            assert not answer.more
            return {(hit.kind, hit.reference, hit.reason) for hit in answer.hits}

        funding = coin.outpoint.partition(":")[0]
        assert await find(sent.txid) == {("tx", sent.txid, "txid")}
        assert await find(sent.txid[20:40].upper()) == {("tx", sent.txid, "txid")}
        assert ("tx", sent.txid, "address") in await find(FOREIGN)
        assert ("contact", "Zoë", "address") in await find(FOREIGN[-9:].upper())
        assert {("addr", coin.address, "address"), ("tx", funding, "address")} <= await find(coin.address[4:20])
        assert await find("STRASSE") == {("tx", sent.txid, "label")}
        assert await find("zoë") == {
            ("contact", "Zoë", "name"), ("addr", coin.address, "label"), ("output", coin.outpoint, "label"),
        }  # fmt: skip
        assert ("tx", sent.txid, "amount") in await find("20000")
        assert ("tx", sent.txid, "amount") in await find("0.0002")
        assert ("tx", sent.txid, "amount") in await find(f"-{20_000 + sent.fee}")
        when = next(row.time for row in await run(api.GetHistory()) if row.txid == funding)
        assert when is not None
        for text in (f"{when:%Y}", f"{when:%Y-%m}", f"{when:%Y-%m-%d}"):
            assert ("tx", funding, "date") in await find(text)
        assert not await find(f"{when + timedelta(days=1):%Y-%m-%d}") & {("tx", funding, "date")}
        for text in ("", "  ", "x" * 201, "no such thing", "99999", "2024-13", "9999-99-99", "9999-12-31", "\0", "%"):
            assert await find(text) == set()
        answer = await run(api.Search(f"{when:%Y}", limit=1))
        assert (len(answer.hits), answer.more) == (1, True)
        # what comes later is found, too
        late = (await run(api.GetReceiveAddress(fresh=True))).address
        payment = pay([(script_of(late), 77)])
        show(world, payment)
        assert ("tx", str(payment.txid), "address") in await find(late[:-3])

    play(tmp_path, story)


# --- statements ---


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_history_as_csv_adds_up_and_holds_no_formula(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(90_000, 60_000)
        run = world.engine.run
        sent = await world.send(await world.prepare(20_000))
        labels = ('=HYPERLINK("http://x";"y")', "+1", "-1", "@x", "\uff1dx", "|x", "%x", 'a;=b,"c', "a\u202eb", "plain")
        file = tmp_path / "history.csv"
        statement = await run(api.ExportHistory(str(file)))
        for label in labels:
            await run(api.SetLabel("tx", sent.txid, label))
            await run(api.ExportHistory(str(file)))
            row = next(row for row in read_csv(file) if row["txid"] == sent.txid)
            assert row["label"][0] not in "=+-@\uff1d|%"
            assert row["label"].lstrip("'") == label.replace("\u202e", "\N{REPLACEMENT CHARACTER}")
        rows = read_csv(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        balance = await run(api.GetBalance())
        assert (statement.rows, statement.opening, statement.closing) == (3, 0, balance.total)
        assert int(rows[-1]["balance_sat"]) == balance.total
        total = 0
        for row in rows:
            total += int(row["amount_sat"])
            assert int(row["balance_sat"]) == total
            assert row["time"] == datetime.fromisoformat(row["time"]).strftime("%Y-%m-%dT%H:%M:%SZ")
        out = next(row for row in rows if row["txid"] == sent.txid)
        assert (out["amount_sat"], out["fee_sat"]) == (str(-20_000 - sent.fee), str(sent.fee))
        assert out["amount_btc"] == f"-0.000{20_000 + sent.fee}"
        assert not [name for name in rows[0] if "rate" in name]

    play(tmp_path, story)


def test_a_statement_has_the_balance_before_and_after(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(90_000)
        run = world.engine.run
        address = (await run(api.GetReceiveAddress(fresh=True))).address
        first = datetime(2031, 3, 31, 23, 59, 59, tzinfo=UTC)
        for number, seconds in enumerate((0, 1, 86_400, 86_401)):
            payment = pay([(script_of(address), 1_000 + number)])
            show(world, payment, int(first.timestamp()) + seconds)
        file = tmp_path / "april.csv"
        done = await run(api.ExportHistory(str(file), date(2031, 4, 1), date(2031, 4, 1)))
        rows = read_csv(file)
        assert [(row["status"], row["amount_sat"], row["balance_sat"]) for row in rows] == [
            ("opening", "", "91000"),
            ("pending", "1001", "92001"),
            ("pending", "1002", "93003"),
            ("closing", "", "93003"),
        ]
        assert (rows[0]["time"], rows[-1]["time"]) == ("2031-04-01T00:00:00Z", "2031-04-01T23:59:59Z")
        assert (done.rows, done.opening, done.closing) == (2, 91_000, 93_003)
        order = api.ExportHistory(str(file), date(2031, 4, 2), date(2031, 4, 1))
        assert await refused(world, order) == "refused"

    play(tmp_path, story)


# --- the rate ---


def test_the_rate_is_the_users_own_and_off_at_first(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fund(150_000)
        run = world.engine.run
        assert await run(api.GetRate()) == api.RateReport("off", "", None, None, ())
        assert not world.engine._parts.settings.text("rate_source")
        by_hand = await run(api.SetRate("hand", "EUR", ("62000.50",)))
        assert (by_hand.source, by_hand.currency, by_hand.rate, by_hand.error) == ("hand", "EUR", "62000.50", "")
        assert by_hand.time is not None
        assert stat.S_IMODE((world.folder / "settings.json").stat().st_mode) == 0o600
        await run(api.ExportHistory(str(tmp_path / "h.csv")))
        (row,) = read_csv(tmp_path / "h.csv")
        assert row["amount_EUR_at_rate"] == "93.00"
        assert (row["rate_EUR_per_btc"], row["rate_time"]) == ("62000.50", f"{by_hand.time:%Y-%m-%dT%H:%M:%SZ}")

        file = tmp_path / "rate"
        file.write_text("61000 EUR 2025-01-31T12:00:00Z\n")
        report = await run(api.SetRate("file", "EUR", (str(file),)))
        assert (report.rate, report.time) == ("61000", datetime(2025, 1, 31, 12, tzinfo=UTC))
        file.unlink()
        gone = await run(api.GetRate())
        assert (gone.rate, gone.source) == (None, "file")
        assert "cannot be read" in gone.error
        assert await refused(world, api.ExportHistory(str(tmp_path / "h.csv")), "fiat column") == "refused"
        world.engine._parts.settings.set(rate_detail="[1")
        assert "damaged" in (await run(api.GetRate())).error
        assert (await run(api.SetRate("off"))).source == "off"
        await run(api.ExportHistory(str(tmp_path / "h.csv")))

    play(tmp_path, story)


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def living_in(group: int) -> Iterator[int]:
    """The processes of a group that are not just waiting to be buried."""
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of_group = stat_file.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in "ZX":
                yield int(stat_file.parent.name)


@pytest.mark.parametrize(
    ("text", "rate", "error"),
    [
        ("echo 60000.25 EUR", "60000.25", ""),
        ('test "$1" = "; touch pwned" && echo 5', "5", ""),  # no shell reads the arguments
        ("echo 60000 USD", None, "in USD, not in EUR"),
        ("echo 0", None, "above zero"),
        ("echo -5", None, "is written like"),
        ("echo 1e5", None, "is written like"),
        ("echo 6,5", None, "is written like"),
        ("printf '\\331\\241'", None, "plain ASCII"),
        ("echo 5 EUR yesterday", None, "neither its currency nor its time"),
        ("echo 5 EUR 2025-02-30", None, "no time"),
        ("true", None, "is written like"),
        ("echo 5; exit 3", None, "failed with code 3"),
        ("yes 5", None, "at most 1024 bytes"),
        ("sleep 60 & sleep 60", None, "did not end within"),
        ("echo 5; exec >&-; sleep 60", None, "did not end within"),
    ],
)
def test_a_command_of_the_users_own_says_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, rate: str | None, error: str
) -> None:
    monkeypatch.setattr(rates, "SECONDS", 1.0 if "sleep" in text else 20.0)

    async def story(world: World) -> None:
        words = (program(tmp_path, f"echo $$ > {tmp_path}/pid; {text}"), "; touch pwned")
        report = await world.engine.run(api.SetRate("command", "EUR", words))
        assert report.rate == rate
        assert error in report.error

    play(tmp_path, story)
    group = int((tmp_path / "pid").read_text())
    assert not list(living_in(group))  # neither it nor what it started is left
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("source", "currency", "detail"),
    [
        ("hand", "eur", ("5",)), ("hand", "", ("5",)), ("hand", "EUR", ()), ("hand", "EUR", ("5", "6")),
        ("hand", "EUR", ("nan",)), ("hand", "EUR", ("1_0",)), ("hand", "EUR", ("9" * 13,)),
        ("file", "EUR", ("relative",)), ("command", "EUR", ("curl", "http://x")), ("command", "EUR", ("/x",) * 51),
    ],
)  # fmt: skip
def test_rates_that_are_none(tmp_path: Path, source: Any, currency: str, detail: tuple[str, ...]) -> None:
    async def story(world: World) -> None:
        assert await refused(world, api.SetRate(source, currency, detail)) == "refused"
        assert (await world.engine.run(api.GetRate())).source == "off"

    play(tmp_path, story)


def test_a_backup_brings_the_notes_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        run = world.engine.run
        asked = await run(api.GetReceiveAddress(fresh=True, amount=5_000, label="rent"))
        put_away = await run(api.GetReceiveAddress(fresh=True, amount=6_000))
        await run(api.ArchiveRequest(put_away.address))
        await run(api.SetContact("Zoë", FOREIGN, "bakes"))
        await run(api.SetContact("Zoë", address(b"\x00\x14" + b"\x07" * 20)))
        file = tmp_path / "labels.jsonl"
        file.write_text(bip329("output", UNSEEN, spendable=False) + "\n" + bip329("new", "1", more=[1]) + "\n")
        await run(api.ImportLabels(str(file)))
        await run(api.ExportLabels(str(tmp_path / "before.jsonl")))
        ledger = world.session.ledger
        content = json.loads(json.dumps(backup_content(world.session)))
        assert asked.address in [row.address for row in await run(api.GetRequests())]

        other = World(tmp_path / "other", world.chain)
        await other.create()
        fresh = other.session.ledger
        for _ in range(2):
            fresh.reveal(ScriptRef(*content["requests"][0][:3]).account)
        fill_notes(fresh, content)
        fresh.commit()
        await reopen(other)
        again = other.session.ledger
        assert again.notes.contacts == ledger.notes.contacts
        assert again.notes.lines == ledger.notes.lines
        assert set(again.frozen) == set(ledger.frozen) != set()
        assert [(each.amount, each.archived) for each in again.requests()] == [
            (each.amount, each.archived) for each in ledger.requests()
        ]
        fill_notes(again, {})  # a backup from before there were notes
        for broken in (
            {"contacts": [["x", "", []]]},
            {"frozen": ["x"]},
            {"requests": [[0, 0, 10**9, 1, "", 1, None, 0]]},
        ):
            with pytest.raises((LookupError, ValueError)):
                fill_notes(again, broken)
        await other.engine.close()

    play(tmp_path, story)
