import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.adapters.authorization_messages import LONGEST_MESSAGE, TEXT_BYTES, SealedAuthorizationMessages
from yett.adapters.sql.sealing import Sealer

A, B = "111111111111", "222222222222"
TEXT = json.dumps({"action": "iam:GetUser", "resource": "arn:aws:iam::111111111111:user/bob"})


def messages(*keys: bytes) -> SealedAuthorizationMessages:
    return SealedAuthorizationMessages(Sealer(*(keys or (b"k" * 32,))))


def test_a_message_opens_in_another_process_with_the_same_master_key_and_after_a_rotation() -> None:
    message = messages().seal(TEXT, account=A)
    assert message is not None
    assert messages().open(message, account=A) == TEXT
    assert messages(b"n" * 32, b"k" * 32).open(message, account=A) == TEXT
    assert messages(b"n" * 32).open(message, account=A) is None


def test_a_message_is_its_account_s_alone() -> None:
    message = messages().seal(TEXT, account=A)
    assert message is not None
    assert messages().open(message, account=B) is None


@given(st.text(max_size=400))
def test_every_message_is_as_long_as_every_other_and_opens(text: str) -> None:
    sealer = messages()
    message, other = sealer.seal(text, account=A), sealer.seal(TEXT, account=A)
    assert message is not None
    assert other is not None
    assert len(message) == len(other) < 3_072
    assert sealer.open(message, account=A) == text


def test_a_text_that_is_too_long_is_none() -> None:
    noise = random.Random(1)
    assert messages().seal(noise.randbytes(TEXT_BYTES).hex(), account=A) is None
    assert messages().seal("x" * 300_000, account=A) is None  # it would grow when it is opened


def test_no_character_of_a_message_can_change() -> None:
    sealer = messages()
    message = sealer.seal(TEXT, account=A)
    assert message is not None
    for place in (*range(0, 60), *range(len(message) - 40, len(message))):
        for character in "A-_9":
            changed = message[:place] + character + message[place + 1 :]
            assert changed == message or sealer.open(changed, account=A) is None


@pytest.mark.parametrize("forge", [
    lambda message: "",
    lambda message: message[:-1],
    lambda message: message[:100],
    lambda message: message + "A",
    lambda message: message + "\n",
    lambda message: " " + message,
    lambda message: message + "=",
    lambda message: message.replace("-", "+").replace("_", "/") + "==",
    lambda message: message * 4,
    lambda message: "é" * 40,
    lambda message: "A" * LONGEST_MESSAGE,
    lambda message: "A" * (LONGEST_MESSAGE + 1),
])  # fmt: skip
def test_what_is_no_message_of_ours_does_not_open(forge: object) -> None:
    message = messages().seal(TEXT, account=A)
    assert message is not None
    assert callable(forge)
    assert messages().open(forge(message), account=A) is None
