"""A locked wallet signs nothing and by choice says nothing, in the engine, whatever the window does."""

from pathlib import Path

import pytest

from tests.engine.world import FOREIGN, World
from wallet.engine import api

PASSWORD = "correct horse"


async def world(folder: Path, password: str | None = PASSWORD) -> World:
    made = World(folder)
    made.chain.mine(101)
    await made.engine.run(api.CreateWallet("default", password, vault="file"))
    await made.fund(100_000)
    return made


async def code_of(made: World, command: api.Command[object]) -> str:
    with pytest.raises(api.WrenError) as caught:
        await made.engine.run(command)
    return caught.value.code if "locked" in caught.value.message else f"{caught.value.code}, but not by the lock"


async def test_locked_and_hidden_it_answers_nothing_and_goes_on_following_the_chain(tmp_path: Path) -> None:
    made = await world(tmp_path)
    review = await made.prepare(10_000)
    assert await made.engine.run(api.LockWallet()) == api.LockState(locked=True, hidden=True)
    questions: list[api.Command[object]] = [
        *(api.GetBalance(), api.GetHistory(), api.GetAddresses(), api.GetCoins(), api.GetStatus()),
        *(api.GetReceiveAddress(), api.GetDescriptors(), api.GetWords(PASSWORD), api.SetLabel("addr", FOREIGN, "x")),
        *(api.SendPayment(review.id, PASSWORD), api.SignPsbt(review.psbt, PASSWORD), api.BackUp("b", PASSWORD)),
        *(api.ChangePassword(PASSWORD, None), api.DeleteWallet("default", "default")),
        api.PreparePayment(((FOREIGN, 5_000),)),
    ]
    assert {await code_of(made, command) for command in questions} == {"refused"}
    made.chain.mine(3)
    report = await made.sync()
    assert report.height == made.chain.height
    assert (await made.engine.run(api.GetSyncStatus())).height == made.chain.height

    with pytest.raises(api.WrenError) as caught:
        await made.engine.run(api.UnlockWallet("guessed"))
    assert caught.value.code == "bad_password"
    assert await code_of(made, api.GetBalance()) == "refused"
    assert await made.engine.run(api.UnlockWallet(PASSWORD)) == api.LockState(locked=False, hidden=False)
    assert (await made.engine.run(api.GetBalance())).confirmed == 100_000
    with pytest.raises(api.WrenError):  # what was under review before the lock is not sent by a click after it
        await made.engine.run(api.SendPayment(review.id, PASSWORD))
    await made.engine.close()


async def test_locked_in_sight_it_answers_and_pays_nothing(tmp_path: Path) -> None:
    made = await world(tmp_path)
    assert await made.engine.run(api.LockWallet(hide=False)) == api.LockState(locked=True, hidden=False)
    assert (await made.engine.run(api.GetBalance())).confirmed == 100_000
    assert await made.engine.run(api.GetHistory())
    for command in (api.PreparePayment(((FOREIGN, 5_000),)), api.GetWords(PASSWORD), api.GetDescriptors(private=True)):
        assert await code_of(made, command) == "refused"
    await made.engine.close()


async def test_closing_and_opening_again_is_no_way_around_the_password(tmp_path: Path) -> None:
    made = await world(tmp_path)
    asked: list[str | None] = []
    check = made.parts.vault.check_password

    async def noted(ref: object, password: str | None) -> None:
        asked.append(password)
        await check(ref, password)  # type: ignore[arg-type]

    made.parts.vault.check_password = noted  # type: ignore[method-assign]
    await made.engine.run(api.LockWallet())
    await made.engine.run(api.CloseWallet())
    with pytest.raises(api.WrenError) as caught:
        await made.engine.run(api.OpenWallet("default", None))
    assert caught.value.code == "bad_password"
    assert asked == [None]
    await made.engine.run(api.OpenWallet("default", PASSWORD))
    assert (await made.engine.run(api.GetBalance())).confirmed == 100_000
    await made.engine.close()


async def test_without_a_password_the_lock_hides_and_no_more(tmp_path: Path) -> None:
    made = await world(tmp_path, None)
    await made.engine.run(api.LockWallet())
    assert await code_of(made, api.GetBalance()) == "refused"
    assert not (await made.engine.run(api.UnlockWallet(None))).locked
    await made.engine.close()
