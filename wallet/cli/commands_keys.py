"""The commands about keys: password, words, backup, repair, vault, wallets delete."""

import argparse

from wallet.cli import secrets_input
from wallet.cli.commands import Answer, choose_wallet, open_wallet
from wallet.engine import api


async def wallets(engine: api.Engine, options: argparse.Namespace) -> Answer:
    if options.action is None:
        return await engine.run(api.ListWallets())
    confirm = secrets_input.confirmation(options.name) if options.confirm is None else options.confirm
    return await engine.run(api.DeleteWallet(options.name, confirm))


async def password(engine: api.Engine, options: argparse.Namespace) -> Answer:
    """Change it; the present one is asked for once, for opening and for changing."""
    wallet = await choose_wallet(engine, options)
    old = secrets_input.password(options)
    new = secrets_input.new_password(options)
    await open_wallet(engine, options, password=old)
    await engine.run(api.ChangePassword(old, new))
    return {"wallet": wallet.name, "password": new is not None}


async def words(engine: api.Engine, options: argparse.Namespace) -> Answer:
    given = secrets_input.password(options)
    await open_wallet(engine, options, password=given)
    return {"mnemonic": await engine.run(api.GetWords(given))}


async def backup(engine: api.Engine, options: argparse.Namespace) -> Answer:
    given = secrets_input.password(options)
    await open_wallet(engine, options, password=given)
    return await engine.run(api.BackUp(options.file, given))


async def repair(engine: api.Engine, options: argparse.Namespace) -> Answer:
    """The vault by the words, or the database by its backup."""
    if options.database:
        wallet = await choose_wallet(engine, options)
        given = secrets_input.password(options) if wallet.locked else None
        return await engine.run(api.RecoverDatabase(wallet.name, given))
    secret = secrets_input.restore_text()
    new = secrets_input.password(options, new=True)
    wallet = await choose_wallet(engine, options)
    order = api.RepairVault(wallet.name, secret, new, secrets_input.passphrase(options), options.vault)
    repaired = await engine.run(order)
    return {"wallet": repaired.name, "vault": repaired.vault}


async def vault(engine: api.Engine, options: argparse.Namespace) -> Answer:
    wallet = await choose_wallet(engine, options)
    if options.to is not None:
        given = secrets_input.password(options)
        await open_wallet(engine, options, password=given)
        wallet = await engine.run(api.MoveVault(options.to, given))
    return {"wallet": wallet.name, "vault": wallet.vault}
