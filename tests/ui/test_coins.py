"""The coins page, with the real engine on a network of play money; rare states are scripted."""

from dataclasses import replace

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication

from tests.ui.engine_double import SYNCED, some_coins
from tests.ui.play import Live
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.models.coins import arrange, confirmations, linked_labels, linking_words, state_of, state_words, why_not
from wallet.ui.models.pieces import PIECE
from wallet.ui.pages.coins import CoinsPage
from wallet.ui.pages.send import SendPage
from wallet.ui.shell import Shell
from wallet.ui.text import in_fours

ADD = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows


def coins_page(stage: Stage, shell: Shell) -> CoinsPage:
    shell.sidebar.choose("coins")
    stage.settle()
    page = shell.page("coins")
    assert isinstance(page, CoinsPage)
    return page


def choose(page: CoinsPage, *outpoints: str) -> None:
    page.table.clearSelection()
    for outpoint in outpoints:
        place = page.model.place_of(outpoint)
        assert place is not None
        page.table.selectionModel().select(page.model.index(place, 0), ADD)


def frozen(live: Live) -> set[str]:
    return {coin.outpoint for coin in live.ask(api.GetCoins()) if coin.frozen}


def test_coins_are_listed_with_what_can_be_done_with_them(live: Live) -> None:
    _, shell = live.begin()
    page = coins_page(live, shell)
    assert page.empty.text().startswith("No coins yet")
    assert not page.table.isVisible()
    live.fund(60_000)
    live.fund(40_000, mined=False)
    live.settle()
    assert [coin.amount for coin in page.model.rows] == [40_000, 60_000]
    assert page.sum.sats == 100_000
    assert page.count.text() == "2 coins"
    words = [str(page.model.index(n, 1).data()) for n in range(2)]
    assert words == ["Unverified: no block has it yet", "Spendable"]
    live.mine(2)
    live.wait(lambda: [page.model.index(n, 2).data() for n in range(2)] == ["2", "3"], "the confirmations")
    page.order.choose("largest")
    assert [coin.amount for coin in page.model.rows] == [60_000, 40_000]


def test_many_coins_are_frozen_and_let_go_at_once(live: Live) -> None:
    _, shell = live.begin()
    for amount in (30_000, 50_000, 70_000):
        live.fund(amount)
    page = coins_page(live, shell)
    first, second, third = (coin.outpoint for coin in page.model.rows)
    assert not page.freeze_button.isEnabled()
    choose(page, first, third)
    assert page.chosen_sum.sats == 100_000
    page.freeze_button.click()
    live.settle()
    assert frozen(live) == {first, third}
    assert [coin.outpoint for coin in page.table.selected()] == [first, third]
    assert page.hint.text() == "Frozen coins are not sent: unfreeze them first."
    assert [page.freeze_button.isEnabled(), page.send_button.isEnabled()] == [False, False]
    page.show_only.choose("frozen")
    assert [coin.outpoint for coin in page.model.rows] == [first, third]
    page.show_only.choose("spendable")
    assert [coin.outpoint for coin in page.model.rows] == [second]
    page.show_only.choose("all")
    page.table.selectAll()
    page.unfreeze_button.click()
    live.settle()
    assert frozen(live) == set()


def test_chosen_coins_are_sent_and_no_others(live: Live) -> None:
    _, shell = live.begin()
    for amount in (30_000, 50_000, 70_000):
        live.fund(amount)
    page = coins_page(live, shell)
    wanted = tuple(coin.outpoint for coin in page.model.rows if coin.amount != 50_000)
    choose(page, *wanted)
    page.send_button.click()
    live.settle()
    send = shell.stack.currentWidget()
    assert isinstance(send, SendPage)
    assert send.form.coins.outpoints == wanted
    assert send.form.coins.total == 100_000
    assert send.isVisible()


def test_a_coin_opens_by_return_and_is_labelled(live: Live) -> None:
    _, shell = live.begin()
    txid = live.fund(30_000)
    page = coins_page(live, shell)
    page.table.setFocus()
    page.table.selectRow(0)
    live.press(page.table, Qt.Key.Key_Return)
    dialog = page.dialog
    assert dialog is not None
    (coin,) = live.ask(api.GetCoins())
    assert dialog.facts.said("outpoint") == coin.outpoint
    dialog.copy_outpoint.click()
    assert QGuiApplication.clipboard().text() == coin.outpoint
    live.type(dialog.label.box, "from  Ana")
    live.mine()  # the page learns of it while somebody types
    live.wait(lambda: dialog.facts.said("blocks").endswith("2 deep"), "the dialog to follow the chain")
    assert dialog.label.box.text() == "from  Ana"
    opened: list[str] = []
    page.opened.connect(opened.append)
    dialog.payment.click()
    assert opened == [txid]
    dialog.close()
    live.settle()
    assert live.ask(api.GetCoins())[0].label == "from Ana"
    assert page.model.index(0, 0).data() == f"from Ana\n{coin.address}"
    assert page.dialog is None


def test_linking_is_said_in_one_line(live: Live) -> None:
    _, shell = live.begin()
    for amount, label in ((30_000, "Rent"), (50_000, "<b>Ana</b>\u202e"), (70_000, "")):
        live.fund(amount)
        coin = next(coin for coin in live.ask(api.GetCoins()) if coin.amount == amount)
        live.ask(api.SetLabel("output", coin.outpoint, label))
    page = coins_page(live, shell)
    rows = {coin.amount: coin.outpoint for coin in page.model.rows}
    choose(page, rows[30_000], rows[70_000])
    assert "belong together" not in page.hint.text()
    choose(page, rows[30_000], rows[50_000])
    assert page.hint.text().endswith("belong together: “<b>Ana</b>⟨U+202E⟩”, “Rent”.")
    assert page.send_button.isEnabled()


def test_what_cannot_be_sent_says_why(stage: Stage) -> None:
    stage.engine.coins = some_coins()
    page = coins_page(stage, stage.shell())
    rows = {state_of(coin): coin.outpoint for coin in page.model.rows}
    assert set(rows) == {"spendable", "frozen", "young", "unverified"}
    said = {}
    for state, outpoint in rows.items():
        choose(page, outpoint)
        said[state] = (page.send_button.isEnabled(), page.hint.text())
    assert said["spendable"][0]
    assert [said[state][0] for state in ("frozen", "young", "unverified")] == [False] * 3
    assert "unfreeze them" in said["frozen"][1]
    assert "100 blocks" in said["young"][1]
    assert "may never come" in said["unverified"][1]


def test_what_was_mined_is_asked_for_again_as_the_chain_grows(stage: Stage) -> None:
    stage.engine.coins = some_coins()
    page = coins_page(stage, stage.shell())
    asked = len(stage.engine.commands(api.GetCoins))
    stage.engine.announce(api.SyncChanged(replace(SYNCED, height=901)))
    stage.settle()
    assert len(stage.engine.commands(api.GetCoins)) == asked + 1
    assert page.model.tip == 901
    stage.engine.announce(api.SyncChanged(replace(SYNCED, height=901)))
    stage.settle()
    assert len(stage.engine.commands(api.GetCoins)) == asked + 1


def test_amounts_are_hidden_with_all_others(stage: Stage) -> None:
    stage.engine.coins = some_coins()
    page = coins_page(stage, stage.shell())
    choose(page, page.model.rows[0].outpoint)
    page.show_coin(page.model.rows[0])
    stage.context.preferences.set_hidden(True)
    shown = [page.sum.text(), page.chosen_sum.text(), str(page.model.index(0, 3).data())]
    assert page.dialog is not None
    assert [text.startswith("•••••") for text in (*shown, page.dialog.amount.text())] == [True] * 4
    page.dialog.close()


def test_an_error_is_said_on_the_page(stage: Stage) -> None:
    stage.engine.coins = some_coins()
    stage.engine.refuse[api.FreezeCoins] = api.WrenError("not_found", "it was spent meanwhile")
    page = coins_page(stage, stage.shell())
    choose(page, page.model.rows[1].outpoint)
    page.freeze_button.click()
    stage.settle()
    assert page.problem.text == "It was spent meanwhile."


def test_long_lists_come_in_pieces_and_are_whole(stage: Stage) -> None:
    stage.engine.coins = some_coins(2 * PIECE + 5)
    page = coins_page(stage, stage.shell())
    assert len(page.model.rows) == 2 * PIECE + 5
    assert [command.first for command in stage.engine.commands(api.GetCoins)] == [0, PIECE, 2 * PIECE]
    page.table.selectAll()
    assert page.chosen_sum.sats == page.sum.sats
    stage.engine.coins = stage.engine.coins[1:]
    page.refresh()
    stage.settle()
    assert len(page.table.selected()) == 2 * PIECE + 4


def test_the_rules_about_coins() -> None:
    coins = some_coins()
    assert [coin.amount for coin in arrange(coins, "all", "newest")][:2] == [12_000, 7_412]
    assert [coin.amount for coin in arrange(coins, "frozen", "newest")] == [5_500]
    assert next(iter(arrange(coins, "spendable", "largest"))).amount == 900_000
    young = next(coin for coin in coins if state_of(coin) == "young")
    assert young.height is not None
    assert state_words(young, young.height) == "Mined: spendable in 100 blocks"
    assert state_words(young, young.height + 98) == "Mined: spendable in 2 blocks"
    assert state_words(young, young.height + 99) == "Mined: spendable after the next block"
    assert confirmations(young, young.height) == 1
    assert confirmations(replace(young, height=None), 900) == 0
    assert state_words(coins[2], 900) == "Dust from a stranger: better frozen"
    assert state_words(replace(coins[0], height=None), 900) == "Spendable; no block has it yet"
    assert linked_labels(coins[:1] * 2) == []
    assert linking_words(coins).endswith("“Coffee with Ana”, “From the old wallet”, “Gift” and 2 more.")
    assert why_not(coins[:2]) == ""


def test_an_address_is_shown_whole_in_groups(stage: Stage) -> None:
    stage.engine.coins = some_coins()
    page = coins_page(stage, stage.shell())
    page.show_coin(page.model.rows[0])
    assert page.dialog is not None
    assert page.dialog.address.shown == in_fours(page.model.rows[0].address)
    page.dialog.close()
