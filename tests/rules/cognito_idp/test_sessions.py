from hypothesis import given
from hypothesis import strategies as st

from yett.rules.cognito_idp.sessions import RefreshToken

PARTS = st.text("0123456789abcdef-", min_size=1, max_size=36)


@given(PARTS, PARTS, st.binary(min_size=32, max_size=32))
def test_a_refresh_token_reads_back(sub: str, event_id: str, handle: bytes) -> None:
    token = RefreshToken(sub=sub, event_id=event_id, handle=handle)
    assert RefreshToken.parse(token.render()) == token


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text: str) -> None:
    for each in (text, f"{text}.{text}"):
        found = RefreshToken.parse(each)
        assert found is None or found.render() == each
