"""The harness itself: a real keyring stores, answers, outlives its daemon, and locks."""

import subprocess

import keyring.backends.SecretService
import pytest

from tests.keyring.secret_service import SecretService

ATTRIBUTES = ("service", "Wren", "username", "test")


def store(service: SecretService, secret: str) -> None:
    command = ["secret-tool", "store", "--label=test", *ATTRIBUTES]
    subprocess.run(command, input=secret, text=True, env=service.environment, check=True, timeout=20)


def look_up(service: SecretService, seconds: float = 20) -> str:
    command = ["secret-tool", "lookup", *ATTRIBUTES]
    done = subprocess.run(
        command, text=True, env=service.environment, capture_output=True, check=False, timeout=seconds
    )
    return done.stdout


@pytest.mark.usefixtures("secret_service_environment")
def test_what_the_keyring_library_stores_another_program_reads(secret_service: SecretService) -> None:
    backend = keyring.backends.SecretService.Keyring()
    backend.set_password("Wren", "test", "a sealed record")

    assert backend.get_password("Wren", "test") == "a sealed record"
    assert look_up(secret_service) == "a sealed record"

    backend.delete_password("Wren", "test")
    assert look_up(secret_service) == ""


def test_an_item_outlives_the_daemon_and_is_locked_without_the_login() -> None:
    with SecretService() as service:
        store(service, "kept")
        service.end_daemon()
        service.start_daemon()
        assert look_up(service) == "kept"

        service.end_daemon()
        service.start_daemon(unlocked=False)
        assert look_up(service) == ""
