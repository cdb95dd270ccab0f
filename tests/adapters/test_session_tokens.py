import base64
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from yett.adapters.session_tokens import SealedSessionTokens
from yett.adapters.sql.sealing import Sealer
from yett.adapters.system import SystemRandomness
from yett.rules.iam.identifiers import account_of_access_key
from yett.rules.sts.temporary_credentials import TemporarySession

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SESSION = TemporarySession.of_role(
    account="123456789012",
    role_id="AROA1",
    role_name="r",
    session_name="s",
    issued_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)


def tokens(key: bytes = b"k" * 32) -> SealedSessionTokens:
    return SealedSessionTokens(Sealer(key), SystemRandomness())


def test_what_was_issued_opens_in_another_process_with_the_same_master_key() -> None:
    issued = tokens().issue(SESSION)
    opened = tokens().open(issued.session_token)
    assert opened is not None
    assert opened.session == SESSION
    assert opened.access_key_id == issued.access_key_id
    assert opened.secret_access_key == issued.secret_access_key
    assert issued.expires_at == SESSION.expires_at
    assert issued.access_key_id.startswith("ASIA")
    assert account_of_access_key(issued.access_key_id) == "123456789012"
    assert len(issued.secret_access_key.reveal()) == 40


def test_another_master_key_opens_nothing() -> None:
    assert tokens(b"x" * 32).open(tokens().issue(SESSION).session_token) is None


@given(st.text(max_size=200))
def test_junk_opens_nothing(junk: str) -> None:
    assert tokens().open(junk) is None


@given(position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_changed_token_opens_nothing(position: int, flip: int) -> None:
    sealed = bytearray(base64.b64decode(tokens().issue(SESSION).session_token))
    sealed[position % len(sealed)] ^= flip
    assert tokens().open(base64.b64encode(bytes(sealed)).decode()) is None


def test_an_endless_token_is_not_even_decoded() -> None:
    assert tokens().open("A" * 1_000_000) is None
