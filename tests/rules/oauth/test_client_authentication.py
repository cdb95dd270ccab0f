import base64

import pytest

from yett.rules.oauth.client_authentication import is_authentic, parse_client_evidence
from yett.rules.oauth.errors import OAuthError
from yett.values.secret import Secret


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_a_client_shows_itself_by_header_or_by_form() -> None:
    for evidence in (
        parse_client_evidence(basic("app:s%2Bt:u"), {}),
        parse_client_evidence(basic("app:s%2Bt:u").replace("Basic", "basic"), {"client_id": "app"}),
        parse_client_evidence(None, {"client_id": "app", "client_secret": "s+t:u"}),
    ):
        assert evidence.client_id == "app"
        assert is_authentic(evidence, Secret("s+t:u"))
        assert not is_authentic(evidence, Secret("s+t:"))
        assert not is_authentic(evidence, None)


def test_a_public_client_shows_no_secret_and_a_confidential_one_must() -> None:
    evidence = parse_client_evidence(None, {"client_id": "app"})
    assert is_authentic(evidence, None)
    assert is_authentic(parse_client_evidence(basic("app:"), {}), None)
    assert not is_authentic(evidence, Secret("s"))
    assert not is_authentic(parse_client_evidence(basic("app:"), {}), Secret("s"))


@pytest.mark.parametrize(
    ("authorization", "form", "error"),
    [
        (None, {}, "invalid_client"),
        ("Basic", {}, "invalid_client"),
        ("Basic \x00", {}, "invalid_client"),
        (basic("app"), {}, "invalid_client"),
        (basic(":secret"), {}, "invalid_client"),
        ("Bearer abc", {"client_id": "app"}, "invalid_client"),
        (basic("app:s"), {"client_secret": "s"}, "invalid_request"),
        (basic("app:s"), {"client_id": "other"}, "invalid_request"),
    ],
)
def test_evidence_that_cannot_be_read_or_contradicts_itself_is_refused(
    authorization: str | None, form: dict[str, str], error: str
) -> None:
    with pytest.raises(OAuthError) as caught:
        parse_client_evidence(authorization, form)
    assert caught.value.error.value == error
