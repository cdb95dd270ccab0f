"""The watch over secrets sees what it is there for."""

import base64
import urllib.parse

import pytest
from tests.secrecy import Secrets, check, spellings

from yett.values.secret import Secret

PLANTED = "a-secret-that-this-test-has-planted"


@pytest.mark.parametrize(
    "written",
    [
        PLANTED.encode(),
        base64.b64encode(f"ab{PLANTED}cd".encode()),
        urllib.parse.quote(f"/{PLANTED}+=").encode(),
        PLANTED.encode().hex().encode(),
    ],
)
@pytest.mark.parametrize("around", [b" ", b"." * 10_000])
def test_a_secret_is_found_however_it_was_written_and_in_how_much(written: bytes, around: bytes) -> None:
    secrets = Secrets()
    secrets.note(PLANTED, "the planted one")
    (found,) = secrets.found_in(around + written + around)
    assert found.startswith("the planted one of ")
    assert secrets.found_in(around + b"harmless" + around) == set()


def test_what_becomes_a_secret_is_noted_by_itself() -> None:
    secret = "-".join(["born", "as", "a", "secret", "of", "yett"])
    Secret(secret)
    with pytest.raises(AssertionError, match="the log holds a secret of ") as failure:
        check([("the log", secret.encode())])
    assert secret not in str(failure.value)


def test_words_are_no_secrets() -> None:
    secrets = Secrets()
    secrets.note("password", "a word")
    secrets.note(None, "nothing")
    assert secrets.found_in(b"password") == set()
    assert min(map(len, spellings("sixteen letters!"))) >= 12
    assert spellings("x" * 32) == set()
