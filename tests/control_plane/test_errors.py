import pytest

from yett.control_plane.errors import CODES, wire_error
from yett.ports.callers import CredentialFault, CredentialsRefused
from yett.services.call import ServiceError
from yett.sigv4 import Fault, SignatureRefused
from yett.values.errors import Refusal, Unavailable
from yett.wire import MalformedInput, Protocol, UnknownOperation, UnknownService

Q, J, R = Protocol.QUERY, Protocol.JSON, Protocol.REST_JSON


def code_of(error: Exception, protocol: Protocol) -> tuple[str, int | None]:
    found = wire_error(error, protocol, echo_canonical_request=True)
    assert found is not None
    return found.code, found.status


@pytest.mark.parametrize(
    ("error", "query", "json", "rest"),
    [
        (
            SignatureRefused(fault=Fault.NONE_PRESENT, reason="none"),
            ("MissingAuthenticationToken", 403),
            ("MissingAuthenticationTokenException", 400),
            ("MissingAuthenticationTokenException", 403),
        ),
        (
            SignatureRefused(fault=Fault.MISMATCH, reason="another"),
            ("SignatureDoesNotMatch", 403),
            ("InvalidSignatureException", 400),
            ("InvalidSignatureException", 403),
        ),
        (
            SignatureRefused(fault=Fault.ALGORITHM, reason="algorithm", detail="X"),
            ("IncompleteSignature", 400),
            ("IncompleteSignatureException", 400),
            ("IncompleteSignatureException", 403),
        ),
        (
            CredentialsRefused(CredentialFault.INACTIVE_ACCESS_KEY),
            ("InvalidClientTokenId", 403),
            ("UnrecognizedClientException", 400),
            ("UnrecognizedClientException", 403),
        ),
        (
            CredentialsRefused(CredentialFault.SESSION_TOKEN_EXPIRED),
            ("ExpiredToken", 403),
            ("ExpiredTokenException", 400),
            ("ExpiredTokenException", 403),
        ),
        (
            ServiceError("AccessDeniedException", "no"),
            ("AccessDenied", 403),
            ("AccessDeniedException", 400),
            ("AccessDeniedException", 403),
        ),
        (
            UnknownOperation("X", "1"),
            ("InvalidAction", 400),
            ("UnknownOperationException", 400),
            ("UnknownOperationException", 404),
        ),
        (
            MalformedInput("what"),
            ("MalformedInput", 400),
            ("SerializationException", 400),
            ("SerializationException", 400),
        ),
        (
            Unavailable("away"),
            ("ServiceUnavailable", 503),
            ("ServiceUnavailableException", 503),
            ("ServiceUnavailableException", 503),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_refusal_has_a_code_in_every_protocol(
    error: Exception, query: tuple[str, int], json: tuple[str, int], rest: tuple[str, int]
) -> None:
    assert [code_of(error, protocol) for protocol in (Q, J, R)] == [query, json, rest]


def test_the_echo_of_the_canonical_request_can_be_switched_off() -> None:
    error = SignatureRefused(fault=Fault.MISMATCH, reason="another", canonical_request="GET", string_to_sign="AWS4")
    loud, quiet = (wire_error(error, R, echo_canonical_request=echo) for echo in (True, False))
    assert loud is not None
    assert quiet is not None
    assert "The Canonical String for this request should have been\n'GET'" in loud.message
    assert "Canonical String" not in quiet.message


def test_an_unknown_operation_is_said_in_the_words_of_aws() -> None:
    found = wire_error(UnknownOperation("GetUsr", "2010-05-08"), Q, echo_canonical_request=True)
    assert found is not None
    assert found.message == "Could not find operation GetUsr for version 2010-05-08"
    found = wire_error(UnknownService(None), R, echo_canonical_request=True)
    assert found is not None
    assert "no AWS service that yett offers" in found.message


@pytest.mark.parametrize("error", [RuntimeError("bug"), Refusal("untranslated"), KeyError("bug")])
def test_what_nobody_translated_is_a_mistake_of_ours(error: Exception) -> None:
    assert wire_error(error, Q, echo_canonical_request=True) is None


def test_every_kind_is_named_in_every_protocol() -> None:
    assert all(set(row) == set(Protocol) for row in CODES.values())
