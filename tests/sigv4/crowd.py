"""Requests by the thousand, made from a seed, and what may be done to them after they were signed."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from urllib.parse import quote

from msgspec import structs
from tests.sigv4.support import HOST, botocore_signs

from yett.sigv4 import SignedRequest

# Reserved, unreserved, escaped, dots, and text of one to four octets.
CHARACTERS = "abZ019-._~ /?#[]@!$&'()*+,;=%:\"<>{}|\\^`\u00e9\u1234\U0001f600"
WORDS = ("pets", "7", "a b", "..", ".", "caf\u00e9", "%2F", "x=y", "~kelpie", "a+b", "\u1234", "$id", "a,b;c", "'q'")
HEADERS = ("X-Kind", "X-Other", "Accept", "Content-Type", "Cookie", "x-amz-meta", "X-Empty")
VALUES = ("", "cat", " padded  twice ", "a,b", '"q  r"', "text/html;q=0.9", "a=1; b=2")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
TOKENS = (None, None, "token/+=", "FwoGZXIvYXdzEXAMPLE==")

Signed = tuple[SignedRequest, datetime]
Mutation = Callable[[SignedRequest, Random], SignedRequest]


def make_request(dice: Random, *, in_query: bool) -> Signed:
    """A request as botocore signs it, and the moment at which it did."""
    segments = [_text(dice) for _ in range(dice.randrange(4))]
    path = "/prod/" + "/".join(quote(segment, safe="~") for segment in segments if segment not in (".", ".."))
    path += dice.choice(("", "", "/", "//x", "/./y", "/z/../w"))
    pairs = [f"{quote(_text(dice), safe='-_.~')}={quote(_text(dice), safe='-_.~')}" for _ in range(dice.randrange(4))]
    if pairs and dice.random() < 0.3:
        pairs.append(pairs[0])  # the same once more
    if dice.random() < 0.2:
        pairs.append("empty=")
    target = f"{path}?{'&'.join(pairs)}" if pairs else path
    if in_query:
        return botocore_signs(target, method=dice.choice(METHODS), in_query=True, session_token=dice.choice(TOKENS))
    return botocore_signs(
        target,
        method=dice.choice(METHODS),
        headers=tuple((dice.choice(HEADERS), dice.choice(VALUES)) for _ in range(dice.randrange(4))),
        body=dice.randbytes(dice.choice((0, 0, 1, 30))),
        session_token=dice.choice(TOKENS),
    )


def _text(dice: Random) -> str:
    if dice.random() < 0.5:
        return dice.choice(WORDS)
    return "".join(dice.choices(CHARACTERS, k=dice.randrange(6)))


def _other_method(request: SignedRequest, dice: Random) -> SignedRequest:
    return structs.replace(request, method=dice.choice([each for each in METHODS if each != request.method]))


def _other_path(request: SignedRequest, dice: Random) -> SignedRequest:
    path = request.path
    changed = dice.choice((path + "x", path + "%20", path.replace("/prod", "/Prod"), path.replace("/prod", "/pro%64z")))
    return structs.replace(request, path=changed)


def _more_query(request: SignedRequest, dice: Random) -> SignedRequest:
    more = dice.choice(("admin=1", "empty", "a=%00", "%3D=", "+=", "X-Amz-Signature=0"))
    return structs.replace(request, query=f"{request.query}&{more}" if request.query else more)


def _other_body(request: SignedRequest, dice: Random) -> SignedRequest:
    return structs.replace(request, body=request.body + dice.randbytes(1))


def _other_host(request: SignedRequest, dice: Random) -> SignedRequest:
    host = dice.choice((f"{HOST}:443", "evil.example", f"x{HOST}", ""))
    return structs.replace(request, headers=request.headers.without("host").with_line("Host", host))


def _second_host(request: SignedRequest, _: Random) -> SignedRequest:
    return structs.replace(request, headers=request.headers.with_line("Host", HOST))


def _other_signature(request: SignedRequest, dice: Random) -> SignedRequest:
    return _in_evidence(request, "Signature=", dice.randrange(64), dice)


def _other_scope(request: SignedRequest, dice: Random) -> SignedRequest:
    place = dice.choice(("us-east-1", "execute-api", "aws4_request"))
    return _replaced(request, place, place.swapcase())


def _other_date_in_scope(request: SignedRequest, dice: Random) -> SignedRequest:
    separator = "/" if request.headers.get("authorization") is not None else "%2F"
    return _in_evidence(request, f"AKIDEXAMPLE{separator}", dice.randrange(8), dice, alphabet="0123456789")


def _other_date(request: SignedRequest, dice: Random) -> SignedRequest:
    """Another second of the same minute: in time, in scope, and not what was signed."""
    query, headers = request.query, request.headers
    if headers.get("authorization") is None:
        at = query.index("X-Amz-Date=") + len("X-Amz-Date=20150830T1236")
        return structs.replace(request, query=query[:at] + _another(query[at], dice, "012345") + query[at + 1 :])
    date = headers.get("x-amz-date") or ""
    changed = date[:13] + _another(date[13], dice, "012345") + date[14:]
    return structs.replace(request, headers=headers.without("x-amz-date").with_line("X-Amz-Date", changed))


def _in_evidence(
    request: SignedRequest, mark: str, offset: int, dice: Random, alphabet: str = "0123456789abcdef"
) -> SignedRequest:
    authorization = request.headers.get("authorization")
    text = request.query if authorization is None else authorization
    at = text.index(mark) + len(mark) + offset
    return _with_evidence(request, text[:at] + _another(text[at], dice, alphabet) + text[at + 1 :])


def _replaced(request: SignedRequest, old: str, new: str) -> SignedRequest:
    authorization = request.headers.get("authorization")
    before, _, after = (request.query if authorization is None else authorization).partition("Credential=")
    return _with_evidence(request, f"{before}Credential={after.replace(old, new, 1)}")


def _with_evidence(request: SignedRequest, text: str) -> SignedRequest:
    if request.headers.get("authorization") is None:
        return structs.replace(request, query=text)
    lines = request.headers.without("authorization").with_line("Authorization", text)
    return structs.replace(request, headers=lines)


def _another(character: str, dice: Random, alphabet: str) -> str:
    return dice.choice([each for each in alphabet if each != character])


# What changes the canonical request, the scope, the date or the signature.
FORGERIES: dict[str, Mutation] = {
    "method": _other_method,
    "path": _other_path,
    "query": _more_query,
    "body": _other_body,
    "host": _other_host,
    "a second host": _second_host,
    "signature": _other_signature,
    "scope": _other_scope,
    "the date in the scope": _other_date_in_scope,
    "date": _other_date,
}
