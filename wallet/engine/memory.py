"""What a wallet remembers for its user: requests, labels, people, statements, the rate, and finding all of it again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from wallet.engine import api
from wallet.engine.browsing import Browsing
from wallet.engine.finding import Finding
from wallet.engine.labelling import Labelling
from wallet.engine.network import Network
from wallet.engine.parts import Parts
from wallet.engine.people import People
from wallet.engine.rates import Rates
from wallet.engine.requests import Requests
from wallet.engine.session import Session
from wallet.engine.statement import Statements

Handler = Callable[[Any], Awaitable[object]]


def memory_table(
    parts: Parts, network: Network, session: Callable[[], Session]
) -> Mapping[type[api.Command[Any]], Handler]:
    """Who carries out which command."""
    rates = Rates(parts)
    finding = Finding(network, session)
    return {
        **Requests(parts, network, session).table(),
        **Labelling(parts, network, session).table(),
        **People(parts, network, session).table(),
        **finding.table(),
        **Browsing(network, finding, session).table(),
        **Statements(network, rates, session).table(),
        **rates.table(),
    }
