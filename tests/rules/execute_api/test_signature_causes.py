"""Each slip is made with botocore's signer, sent as a hop or client would, and named."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from yett.rules.execute_api.signature_causes import TRIES, find_cause, name_cause
from yett.sigv4 import Expectation, Fault, SignatureRefused, SignedRequest, SigningKeys, read_presented, verify
from yett.sigv4.canonical_request import canonical_query
from yett.values.http import Headers
from yett.values.secret import Secret

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "abc123.execute-api.eu-west-1.amazonaws.com"
EXPECTATION = Expectation(service="execute-api", region="eu-west-1", skew_seconds=300)


class Slipping(SigV4Auth):
    """botocore's signer with one of its steps done wrong."""

    path: Callable[[str], str] | None = None
    query: Callable[[str], str] | None = None
    body: str | None = None
    key: dict[str, str] | None = None

    def _normalize_url_path(self, path: str) -> str:
        return super()._normalize_url_path(path) if self.path is None else type(self).path(path)  # type: ignore[misc]

    def canonical_query_string(self, request: Any) -> str:
        right = super().canonical_query_string(request)
        return right if self.query is None else type(self).query(right)  # type: ignore[misc]

    def payload(self, request: Any) -> str:
        return super().payload(request) if self.body is None else self.body

    def signature(self, string_to_sign: str, request: Any) -> str:
        kept = self._service_name, self._region_name
        for name, value in (self.key or {}).items():
            setattr(self, name, value)
        try:
            return super().signature(string_to_sign, request)
        finally:
            self._service_name, self._region_name = kept


def signed_by(
    signer: type[SigV4Auth] = SigV4Auth,
    *,
    method: str = "GET",
    target: str = "/prod/pets",
    host: str = HOST,
    body: bytes = b"",
    secret: str = SECRET,
    **headers: str,
) -> SignedRequest:
    """What a client sends."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method=method, url=f"https://{host}{target}", data=body, headers={"Host": host, **given})
    signer(Credentials("AKIAIOSFODNN7EXAMPLE", secret), "execute-api", "eu-west-1").add_auth(request)
    path, _, query = target.partition("?")
    lines = Headers.of((name, str(value)) for name, value in request.headers.items())
    return SignedRequest(method, path, query, lines, body)


def cause_of(request: SignedRequest) -> str | None:
    now = datetime.now(UTC)
    presented = read_presented(request, now=now, expectation=EXPECTATION)
    assert presented is not None
    with pytest.raises(SignatureRefused) as refused:
        verify(request, presented, signing_keys=SigningKeys(Secret(SECRET)), now=now, expectation=EXPECTATION)
    assert refused.value.fault is Fault.MISMATCH
    cause = find_cause(request, presented, secret_access_key=Secret(SECRET), expectation=EXPECTATION)
    assert cause is None or (SECRET not in cause and presented.signature not in cause)
    return cause


def sent_with(request: SignedRequest, **headers: str) -> SignedRequest:
    """As it comes in after a hop has replaced or added headers."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = request.headers.without(*(name.lower() for name in given))
    return SignedRequest(request.method, request.path, request.query, Headers((*lines, *given.items())), request.body)


def slipping(**steps: Any) -> type[SigV4Auth]:
    return type("Slip", (Slipping,), steps)


def test_a_host_that_a_proxy_has_rewritten() -> None:
    request = sent_with(signed_by(host="api.example.com"), Host=HOST, X_Forwarded_Host="api.example.com")
    assert cause_of(request) == f"the host: `api.example.com` was signed, `{HOST}` came in; a proxy has rewritten it"
    with_port = sent_with(signed_by(host="api.example.com:8443"), Host=HOST, X_Forwarded_Host="api.example.com:8443")
    assert "`api.example.com:8443` was signed" in str(cause_of(with_port))


def test_a_port_that_was_taken_off_or_added() -> None:
    assert "its port" in str(cause_of(sent_with(signed_by(), Host=f"{HOST}:8080")))


def test_a_plus_for_a_space_and_a_plus_that_is_one() -> None:
    plus = slipping(query=lambda right: right.replace("%20", "+"))
    assert "a space was signed as `+`" in str(cause_of(signed_by(plus, target="/prod/pets?q=a%20b")))
    literal = slipping(query=lambda right: canonical_query("q=a%2Bb", without_signature=False))
    assert "sent as `%2B`" in str(cause_of(signed_by(literal, target="/prod/pets?q=a+b")))


def test_a_query_in_the_order_sent_or_not_signed_at_all() -> None:
    order = slipping(query=lambda right: "b=1&a=2")
    assert "in the order sent" in str(cause_of(signed_by(order, target="/prod/pets?b=1&a=2")))
    none = slipping(query=lambda right: "")
    assert "it was not signed" in str(cause_of(signed_by(none, target="/prod/pets?a=1")))


def test_a_path_encoded_once_or_once_too_often_or_without_its_stage() -> None:
    for path, text in (
        (lambda path: path, "it was encoded once;"),
        (lambda path: path.replace("%", "%2525"), "once too often"),
        (lambda path: "/a b", "without its escapes"),
    ):
        target = "/a%20b" if "escapes" in text else "/prod/a%20b"
        assert text in str(cause_of(signed_by(slipping(path=staticmethod(path)), target=target)))
    behind = signed_by(target="/pets")
    prefixed = SignedRequest("GET", "/prod/pets", "", behind.headers, b"")
    assert "without the stage" in str(cause_of(prefixed))


def test_a_body_that_was_left_out_or_changed() -> None:
    unsigned = slipping(body="UNSIGNED-PAYLOAD")
    assert "UNSIGNED-PAYLOAD" in str(cause_of(signed_by(unsigned, method="POST", body=b"{}")))
    signed = signed_by(method="POST", body=b"")
    grown = SignedRequest("POST", signed.path, "", signed.headers, b"{}")
    assert "as if it had none" in str(cause_of(grown))


def test_a_signing_key_for_another_service_or_region() -> None:
    for key, text in (
        ({"_service_name": "apigateway"}, "the service: the signing key was made for `apigateway`"),
        ({"_region_name": "us-east-1"}, "the region: the signing key was made for `us-east-1`"),
    ):
        assert text in str(cause_of(signed_by(slipping(key=key))))


def test_headers_that_a_hop_has_added_to() -> None:
    lengthened = sent_with(signed_by(X_Forwarded_For="203.0.113.9"), X_Forwarded_For="203.0.113.9, 10.0.0.1")
    assert cause_of(lengthened) == "header `x-forwarded-for`: a hop has added to it"
    typed = sent_with(signed_by(Content_Type="text/plain"), Content_Type="text/plain; charset=utf-8")
    assert "has added a parameter" in str(cause_of(typed))
    emptied = sent_with(signed_by(X_Tenant=""), X_Tenant="acme")
    assert "a hop has given it a value" in str(cause_of(emptied))


def test_a_secret_with_a_line_break_and_a_method_that_changed() -> None:
    assert "line break" in str(cause_of(signed_by(secret=f"{SECRET}\n")))
    post = signed_by(method="POST")
    assert "POST was signed" in str(cause_of(SignedRequest("GET", post.path, "", post.headers, b"")))


def test_a_wrong_secret_is_no_slip_and_the_work_is_bounded() -> None:
    headers = {f"x_{number}": "a, b" for number in range(40)}
    request = signed_by(target="/prod/a%20b?q=a%20b", secret="another", **headers)
    with patch("yett.rules.execute_api.signature_causes.derive_signing_key", return_value=b"k") as derived:
        assert cause_of(request) is None
    assert 10 < derived.call_count <= TRIES


def test_clock_region_and_service_are_named_by_the_refusal_itself() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    late = SignatureRefused(fault=Fault.EXPIRED, reason="", signed_at=at, now=at.replace(hour=1), skew_seconds=300)
    assert "clock is 3600 s behind" in str(name_cause(late))
    scoped = SignatureRefused(fault=Fault.CREDENTIAL_SCOPE, reason="", scope_faults=(("region", "us-east-1"),))
    assert "signed for `us-east-1`" in str(name_cause(scoped))
    scoped = SignatureRefused(fault=Fault.CREDENTIAL_SCOPE, reason="", scope_faults=(("service", "execute-api"),))
    assert "wants signatures for `execute-api`" in str(name_cause(scoped))
    assert name_cause(SignatureRefused(fault=Fault.ALGORITHM, reason="")) is None
