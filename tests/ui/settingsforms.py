"""The settings with the real engine, and their forms filled in."""

from typing import TypeVar

from tests.ui.play import Live
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.settings.card import SettingsCard
from wallet.ui.settings.form import FormDialog
from wallet.ui.shell import Shell

F = TypeVar("F", bound=FormDialog)


def settings_page(live: Live, shell: Shell) -> SettingsPage:
    shell.sidebar.choose("settings")
    page = shell.page("settings")
    assert isinstance(page, SettingsPage)
    live.wait(lambda: page.about.facts.said("name"), "the settings")
    live.settle()
    return page


def form_of(card: SettingsCard, kind: type[F]) -> F:
    form = card.opened
    assert isinstance(form, kind)
    return form


def submit(live: Live, form: FormDialog) -> None:
    """Twice, as an impatient hand does, and wait for what comes of it."""
    form.submit_button.click()
    form.submit()
    live.wait(lambda: not live.context.bridge.tasks, "the form's work")
