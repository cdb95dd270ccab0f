"""A canonical request taken apart: by who rebuilds what a client may have signed, and by who reads what one says that
it has.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import re
from typing import Final, Self

from msgspec import Struct

from yett.values.errors import Refusal

PASTED_CHARACTERS: Final = 64 * 1024  # ours

_METHOD: Final = re.compile(r"[A-Z]+")
_BODY_HASH: Final = re.compile(r"[0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")
# What SDKs and AWS itself write before a canonical request, in logs and in answers. What comes after one is known by
# its form.
_HEADINGS: Final = ("CanonicalRequest:", "Canonical request:", "Canonical String for this request should have been")


class NotCanonical(Refusal):
    """A text is no canonical request. The reason names the line at fault."""


class Parts(Struct, frozen=True, kw_only=True):
    """A canonical request in its six parts."""

    method: str
    path: str
    query: str
    headers: str  # lines, each with its newline
    signed_headers: str
    body_hash: str

    def render(self) -> str:
        """The canonical request."""
        return f"{self.method}\n{self.path}\n{self.query}\n{self.headers}\n{self.signed_headers}\n{self.body_hash}"

    @classmethod
    def of(cls, canonical_request: str) -> Self:
        """The parts of what is known to be a canonical request."""
        method, path, query, rest = canonical_request.split("\n", 3)
        headers, signed_headers, body_hash = rest.rsplit("\n", 2)
        return cls(
            method=method, path=path, query=query, headers=headers, signed_headers=signed_headers, body_hash=body_hash
        )


def read_parts(text: str) -> Parts:
    """The canonical request that a text holds: by itself, or after a heading as SDKs log it and AWS answers it.

    What is beyond ASCII is carried as its UTF-8 octets in Latin-1 characters, as in every canonical request here.

    Raises:
        NotCanonical: There is none.
    """
    if len(text) > PASTED_CHARACTERS:
        raise NotCanonical(f"a canonical request has {PASTED_CHARACTERS} characters at most")
    lines = _body(text).encode("utf-8", "surrogatepass").decode("latin-1").replace("\r\n", "\n").split("\n")
    if not _METHOD.fullmatch(lines[0].strip()):
        raise NotCanonical(f"line 1 must be the method in capitals, not `{lines[0][:40]}`")
    if len(lines) < 2 or not lines[1].startswith("/"):
        raise NotCanonical("line 2 must be the path, which begins with `/`")
    end = next((number for number, line in enumerate(lines[3:], 3) if not line.strip()), None)
    if end is None:
        raise NotCanonical("line 3 is the query, which may be empty; then one line for each header, and an empty line")
    for number, line in enumerate(lines[3:end], 4):
        if ":" not in line[1:]:
            raise NotCanonical(f"line {number} must be a header, `name:value`")
    if len(lines) < end + 3 or not lines[end + 1].strip():
        raise NotCanonical("after the empty line come the names of the signed headers, and the hash of the body")
    body_hash = lines[end + 2].strip().rstrip("'\"")
    if not _BODY_HASH.fullmatch(body_hash):
        raise NotCanonical(f"line {end + 3} must be the hash of the body, 64 hexadecimal digits in lower case")
    return Parts(
        method=lines[0].strip(),
        path=lines[1],
        query=lines[2],
        headers="".join(f"{line}\n" for line in lines[3:end]),
        signed_headers=lines[end + 1].strip(),
        body_hash=body_hash,
    )


def _body(text: str) -> str:
    if "\n" not in text.strip():
        text = text.replace("\\n", "\n")  # out of a JSON string
    for heading in _HEADINGS:
        _, found, rest = text.partition(heading)
        if found:
            return rest.lstrip().lstrip("'\"")
    return text.lstrip()
