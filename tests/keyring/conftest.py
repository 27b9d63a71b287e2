"""The Secret Service that the tests of this folder ask for."""

from collections.abc import Iterator

import pytest

from tests.keyring.secret_service import SecretService


@pytest.fixture(scope="session")
def secret_service() -> Iterator[SecretService]:
    """One unlocked service for the whole run; a test that stops or locks it makes its own."""
    with SecretService() as service:
        yield service


@pytest.fixture
def secret_service_environment(secret_service: SecretService, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of this process leads to the service while the test runs; also what to give a child."""
    for name, value in secret_service.environment.items():
        monkeypatch.setenv(name, value)
    return secret_service.environment
