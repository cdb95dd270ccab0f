from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.sigv4.support import EXPECTATION, HOST, NOW, TIMESTAMP, header, header_request, read

from yett.sigv4 import (
    CredentialScope,
    Dialect,
    Fault,
    Presented,
    SignatureRefused,
    SignedRequest,
    message_for,
    peek_scope,
)
from yett.sigv4 import presented as module
from yett.sigv4.authorization import read_afresh
from yett.sigv4.canonical_request import canonical_request
from yett.sigv4.limits import (
    AUTHORIZATION_CHARACTERS,
    QUERY_PARAMETERS,
    REMEMBERED,
    REMEMBERED_CHARACTERS,
    SIGNATURE_CHARACTERS,
    SIGNED_HEADERS,
)
from yett.sigv4.string_to_sign import string_to_sign
from yett.values.http import Headers

QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20150830%2Fus-east-1%2Fexecute-api%2Faws4_request"
    f"&X-Amz-Date={TIMESTAMP}&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Security-Token=a%2Bb"
)


def query_request(query: str = QUERY) -> SignedRequest:
    return SignedRequest("GET", "/prod/pets", query, Headers.of([("Host", HOST)]), b"")


def fault_of(request: SignedRequest) -> Fault:
    with pytest.raises(SignatureRefused) as refusal:
        read(request)
    assert isinstance(message_for(refusal.value, dialect=Dialect.JSON), str)
    return refusal.value.fault


def test_the_header_form_is_read() -> None:
    presented = read(header_request())
    assert presented is not None
    assert presented.form == "header"
    assert presented.access_key_id == "AKIDEXAMPLE"
    assert presented.scope == CredentialScope("20150830", "us-east-1", "execute-api")
    assert presented.signed_headers == ("host", "x-amz-date")
    assert presented.signed_at == NOW
    assert presented.session_token is None


def test_the_query_form_is_read() -> None:
    presented = read(query_request())
    assert presented is not None
    assert (presented.form, presented.signature, presented.session_token) == ("query", "00", "a+b")
    assert presented.session_token_signed


def test_the_first_of_a_repeated_parameter_counts() -> None:
    presented = read(query_request(QUERY + "&X-Amz-Signature=11"))
    assert presented is not None
    assert presented.signature == "00"


def test_the_last_of_a_repeated_pair_of_the_header_counts() -> None:
    presented = read(header_request(header() + ", Signature=11"))
    assert presented is not None
    assert presented.signature == "11"


@pytest.mark.parametrize("query", ["", "a=b", "X-Amz-Date=1", "a=%20", "x-amz-signature=1"])
def test_a_request_without_a_signature_presents_nothing(query: str) -> None:
    assert read(query_request(query)) is None


def test_spaces_after_the_commas_are_optional() -> None:
    assert read(header_request(header().replace(", ", ","))) is not None


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (header_request(path="/a%2"), Fault.PATH),
        (header_request(path="/a%zz"), Fault.PATH),
        (header_request(path="/../a"), Fault.PATH),
        (header_request(path="*"), Fault.PATH),
        (header_request(query="a=%2"), Fault.QUERY),
        (header_request(query="a=%zz"), Fault.QUERY),
        (query_request("a=%2&" + QUERY), Fault.QUERY),
        (header_request(query=QUERY), Fault.BOTH_PRESENT),
        (header_request(header().replace("SHA256", "SHA1")), Fault.ALGORITHM),
        (header_request(header().replace("AWS4-HMAC-SHA256", "Bearer")), Fault.ALGORITHM),
        (query_request(QUERY.replace("SHA256", "SHA1")), Fault.ALGORITHM),
        (header_request("x-api-key abc"), Fault.NOT_A_PAIR),
        (header_request("Bearer abc"), Fault.NOT_A_PAIR),
        (header_request("Bearer"), Fault.AUTHORIZATION_INCOMPLETE),
        (header_request("Basic a="), Fault.AUTHORIZATION_INCOMPLETE),
        (header_request(header(signature="")), Fault.AUTHORIZATION_INCOMPLETE),
        (header_request(date=None), Fault.AUTHORIZATION_INCOMPLETE),
        (query_request("X-Amz-Signature=1"), Fault.QUERY_INCOMPLETE),
        (query_request("X%2DAmz-Signature=1"), Fault.QUERY_INCOMPLETE),
        (header_request(header(signed_headers="x-amz-date")), Fault.HOST_NOT_SIGNED),
        (header_request(header(signed_headers="Host;x-amz-date")), Fault.HOST_NOT_SIGNED),
        (header_request(date="yesterday"), Fault.DATE),
        (header_request(date="2015-08-30T12:36:00Z"), Fault.DATE),
        (header_request(date="20151330T123600Z"), Fault.DATE),
        (header_request(date="２０150830T123600Z"), Fault.DATE),
        (header_request(date="20150830T123059Z"), Fault.EXPIRED),
        (header_request(date="20150830T124101Z"), Fault.NOT_YET_CURRENT),
        (header_request(header(credential="AKID/20150830/us-east-1/execute-api")), Fault.CREDENTIAL),
        (header_request(header(credential="AKID/20150830/us-east-1/execute-api/a/b")), Fault.CREDENTIAL),
        (header_request(header(credential="AKID/20150830/us-west-2/execute-api/aws4_request")), Fault.CREDENTIAL_SCOPE),
        (header_request(header(credential="AKID/20150830/us-east-1/s3/aws4_request")), Fault.CREDENTIAL_SCOPE),
        (header_request(header(credential="AKID/20150829/us-east-1/execute-api/aws4_request")), Fault.CREDENTIAL_SCOPE),
        (header_request(header(credential="AKID/20150830/us-east-1/execute-api/aws5_request")), Fault.CREDENTIAL_SCOPE),
        (header_request("A" * (AUTHORIZATION_CHARACTERS + 1)), Fault.TOO_LARGE),
        (header_request(header(signed_headers="host" + ";a" * SIGNED_HEADERS)), Fault.TOO_LARGE),
        (query_request(QUERY + "&a" * QUERY_PARAMETERS), Fault.TOO_LARGE),
    ],
)
def test_what_is_wrong_is_named(request_: SignedRequest, fault: Fault) -> None:
    assert fault_of(request_) is fault


def test_the_first_fault_in_aws_order_is_the_one_named() -> None:
    everything = header_request(
        header(credential="AKID/x", signed_headers="x-amz-date"), date="yesterday", query="", path="/a%2"
    )
    assert fault_of(everything) is Fault.PATH
    everything = structs.replace(everything, path="/a")
    assert fault_of(everything) is Fault.HOST_NOT_SIGNED
    late = header_request(header(credential="AKID/x"), date="20150830T110000Z")
    assert fault_of(late) is Fault.EXPIRED


@pytest.mark.parametrize(
    "date", ["Sun, 30 Aug 2015 12:36:00 GMT", "2015-08-30T12:36:00Z", "20150830T123600Z", "2015-08-30T14:36:00+02:00"]
)
def test_the_date_header_stands_in_for_x_amz_date(date: str) -> None:
    request = header_request(date=None)
    presented = read(structs.replace(request, headers=request.headers.with_line("Date", date)))
    assert presented is not None
    assert presented.signed_at == datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    assert presented.timestamp == TIMESTAMP


@pytest.mark.parametrize("date", ["Sun, 30 Foo 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 CET", "Sun, 30", "30"])
def test_a_date_header_that_is_no_date_is_refused(date: str) -> None:
    request = header_request(date=None)
    assert fault_of(structs.replace(request, headers=request.headers.with_line("Date", date))) is Fault.DATE


def test_a_scope_can_be_peeked_at_in_either_form() -> None:
    scope = CredentialScope("20150830", "us-east-1", "execute-api")
    assert peek_scope(header_request(date=None)) == scope
    assert peek_scope(query_request()) == scope
    for request in (query_request(""), header_request("Bearer x"), header_request(header(credential="a/b"))):
        assert peek_scope(request) is None


@given(st.text(max_size=80))
def test_no_header_brings_it_down(text: str) -> None:
    for authorization in (text, f"AWS4-HMAC-SHA256 {text}", header(credential=text), header(signed_headers=text)):
        try:
            read(header_request(authorization))
        except SignatureRefused:
            continue


@given(st.text(max_size=80))
def test_no_query_brings_it_down(text: str) -> None:
    for query in (text, f"X-Amz-Algorithm={text}", f"{QUERY}&{text}"):
        try:
            read(query_request(query))
        except SignatureRefused:
            continue


MIDNIGHT = datetime(2015, 8, 31, tzinfo=UTC)
EXPECTATIONS = (
    EXPECTATION,
    EXPECTATION,
    EXPECTATION,
    structs.replace(EXPECTATION, is_strict=True),
    structs.replace(EXPECTATION, region=None, skew_seconds=900),
    structs.replace(EXPECTATION, service="sts"),
)
CREDENTIALS = (
    *map("/".join, product(("AKID", "AKIE"), ("20150831", "20150830"), ("us-east-1/execute-api/aws4_request",))),
    "AKID/20150830/us-east-1/execute-api",
    "AKID/20150830/eu-west-1/execute-api/aws4_request",
    "",
)
# As long as a signature, and with what ends it, ends the list, or goes on with it.
TAILS = (
    tuple(
        (text + "0" * SIGNATURE_CHARACTERS)[:SIGNATURE_CHARACTERS]
        for text in ("", "ab", " ", "=", "é", "a=b,c", ",a", "0,")
    )
    + tuple(
        "0" * (SIGNATURE_CHARACTERS - len(text)) + text
        for text in (
            " ",
            "\t",
            ",",
            "=",
            ",Signature=1",
            ",SignedHeaders=host;x",
            ",Credential=AKIE/2",
            ", x",
            "Signature=0",
        )
    )
    + ("0" * 63, "0" * 65, "")
)


def say_again(dice: Random) -> SignedRequest:
    """A request that is mostly well-formed, and mostly says what another has said before but for a thing or two."""

    def mostly(usual: Any, *others: Any) -> Any:
        return usual if dice.random() < 0.93 else dice.choice(others)

    credential = mostly(CREDENTIALS[0], *CREDENTIALS)
    names = mostly("host;x-amz-date", "host", "x-amz-date", ":authority", "host;x-amz-security-token")
    pairs = [f"Credential={credential}", f"SignedHeaders={names}"]
    if dice.random() < 0.05:
        pairs.insert(dice.randrange(3), dice.choice(("x", "Signature=1", "a=b", "", "SignedHeaders=", "Credential=a")))
    tail = mostly(TAILS[0], *TAILS)
    lead = mostly(", ", ",", ",, ", ",\t", " ", "", ", a=")
    if dice.random() < 0.1:  # what comes last only looks like the signature
        pairs.append(f"Signature={TAILS[0]}")
        lead = ", a"
    algorithm = mostly("AWS4-HMAC-SHA256 ", " AWS4-HMAC-SHA256  ", "Bearer ", "AWS4-HMAC-SHA256,", "AWS4-HMAC-SHA1 ")
    authorization = f"{algorithm}{', '.join(pairs)}{lead}Signature={tail}"
    lines = [("Host", HOST), ("Authorization", authorization)]
    for name, absent in (("X-Amz-Date", 0.1), ("Date", 0.8)):
        if dice.random() > absent:
            moment = MIDNIGHT + timedelta(seconds=mostly(0, 1, -1, -300, 300, 301))
            text = moment.strftime("%Y%m%dT%H%M%SZ")
            lines.append(
                (name, mostly(text, "", text.replace("T", " "), "20150830T12360Z", f"{moment:%Y-%m-%dT%H:%M:%S}.5Z"))
            )
    if dice.random() < 0.2:
        lines.append(("X-Amz-Security-Token", dice.choice(("a", ""))))
    lines += mostly((), (("X-Amz-Other", "1"),), (("authorization", "x=1"),))
    if dice.random() < 0.1:
        dice.shuffle(lines)
    path = mostly("/a", "/a%2", "a", "/..", "/b")
    query = mostly("", "a=1", "a=%20", "a=%2", "X-Amz-Algorithm=1", QUERY)
    return SignedRequest("GET", path, query, Headers.of(lines), b"")


def told(read_it: Any, request: SignedRequest, **options: Any) -> Any:
    """What a reading gives, or all that its refusal says."""
    try:
        return read_it(request, **options)
    except SignatureRefused as refusal:
        return str(refusal), vars(refusal)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_what_was_read_before_changes_no_reading(seed: int) -> None:
    dice = Random(seed)
    answers = Counter[str]()
    for _ in range(500):
        request, moment = say_again(dice), MIDNIGHT + timedelta(seconds=dice.choice((0, 0, 0, -300, 300, 300.5)))
        options = {"now": moment, "expectation": dice.choice(EXPECTATIONS)}
        answer = told(module.read_presented, request, **options)
        if isinstance(answer, Presented) and answer.string_to_sign is not None:
            canonical = canonical_request(request, answer.signed_headers, without_signature=False).encode("latin-1")
            signed = string_to_sign(canonical, timestamp=answer.timestamp, scope=answer.scope)
            assert answer.string_to_sign == signed.encode("latin-1")
            answer = structs.replace(answer, string_to_sign=None)
        assert answer == told(read_afresh, request, **options)
        answers[type(answer).__name__] += 1
    assert min(answers.values()) > 20


def test_a_date_is_not_remembered_as_another_with_the_same_rendering() -> None:
    request = header_request(date=None)
    half = read(structs.replace(request, headers=request.headers.with_line("Date", "2015-08-30T12:36:00.5Z")))
    whole = read(header_request())
    assert half is not None
    assert whole is not None
    assert half.timestamp == whole.timestamp == TIMESTAMP
    assert whole.signed_at == NOW != half.signed_at


def test_what_is_remembered_is_bounded() -> None:
    for number in range(REMEMBERED + 10):
        read(header_request(header(credential=f"AKID{number}/20150830/us-east-1/execute-api/aws4_request")))
        assert len(module._claims) <= REMEMBERED
    long = "A" * REMEMBERED_CHARACTERS + "/20150830/us-east-1/execute-api/aws4_request"
    assert read(header_request(header(credential=long))) is not None
    assert max(map(len, module._claims)) <= REMEMBERED_CHARACTERS


def test_moments_that_are_remembered_are_bounded() -> None:
    lenient = structs.replace(EXPECTATION, skew_seconds=100_000)
    for number in range(REMEMBERED + 10):
        date = (NOW.replace(hour=0) + timedelta(seconds=number)).strftime("%Y%m%dT%H%M%SZ")
        assert read(header_request(date=date), expectation=lenient) is not None
        assert len(module._moments) <= REMEMBERED
