from datetime import UTC, datetime

from yett.server.explained import Explained, compared
from yett.server.launch import encode, read_explained
from yett.sigv4 import outline

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CANONICAL = f"GET\n/prod\n\nhost:a.example\n\nhost\n{EMPTY}"
STRING_TO_SIGN = "AWS4-HMAC-SHA256\n20260102T030405Z\n20260102/eu-west-1/execute-api/aws4_request\n" + "0" * 64


def test_what_a_worker_kept_of_a_signature_is_compared_in_the_control_process() -> None:
    made = Explained(
        account="123456789012",
        region="eu-west-1",
        api_id="abc",
        trace=b"{}",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        outline=outline(CANONICAL, STRING_TO_SIGN, salt=b"salt"),
    )
    told = read_explained(encode(made))
    assert told == made
    found = compared("id", told.outline, encode_body(CANONICAL.replace("GET", "PUT")))
    assert (found.same, [each.part for each in found.differences]) == (False, ["method"])
    assert compared("id", told.outline, encode_body(CANONICAL)).same


def encode_body(text: str) -> bytes:
    return b'{"canonicalRequest": "' + text.replace("\n", "\\n").encode() + b'"}'
