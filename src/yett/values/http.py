"""Requests and responses as on the wire: order, casing and repeats of header lines are kept."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol, Self

from msgspec import Struct
from msgspec.structs import force_setattr

Lines = tuple[tuple[str, str], ...]


class Headers(Struct, frozen=True, eq=False, gc=False):
    """Header lines in the order received. Names compare without case; text is Latin-1, as HTTP/1.1 has it."""

    lines: Lines = ()
    _index: dict[str, str] | None = None  # where it is known, the first value of each name in lower case

    @classmethod
    def of(cls, lines: Iterable[tuple[str, str]]) -> Self:
        """The lines, from anything that gives them."""
        return cls(tuple(lines))

    def get(self, name: str) -> str | None:
        """The value of the first line of this name, which is given in lower case; None without one."""
        index = self._index
        return self.by_name().get(name) if index is None else index.get(name)

    def by_name(self) -> Mapping[str, str]:
        """The value of the first line of each name, which is in lower case. It has as many as `lines`: none repeats."""
        index = self._index
        if index is None:
            index = {}
            for line_name, value in self.lines:
                index.setdefault(line_name.lower(), value)
            force_setattr(self, "_index", index)
        return index

    def get_all(self, name: str) -> tuple[str, ...]:
        """The values of every line of this name (in lower case), in the order received."""
        index = self._index
        if index is not None and len(index) == len(self.lines):  # then no name stands twice
            return (index[name],) if name in index else ()
        return tuple(value for line_name, value in self.lines if line_name.lower() == name)

    def names(self) -> frozenset[str]:
        """The names present, in lower case."""
        return frozenset(self.by_name())

    def with_line(self, name: str, value: str) -> "Headers":
        """These lines and one more."""
        return Headers((*self.lines, (name, value)))

    def without(self, *names: str) -> "Headers":
        """These lines less those of the names given in lower case."""
        return Headers.of(line for line in self.lines if line[0].lower() not in names)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.lines == other.lines

    def __hash__(self) -> int:
        return hash(self.lines)

    def __repr__(self) -> str:
        # Values may be credentials: names only.
        return f"Headers({', '.join(name for name, _ in self.lines)})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("names", ", ".join(name for name, _ in self.lines))]


class VpcOrigin(Struct, frozen=True, kw_only=True):
    """Where in a private network a request comes from, as an edge of that network says; None: it does not say."""

    vpc: str | None  # "vpc-1a2b3c4d"
    endpoint: str | None  # "vpce-1a2b3c4d"


class HttpRequest(Struct, frozen=True, kw_only=True, gc=False):
    """One request, whole, as the trusted edge understood it."""

    method: str  # as sent
    target: str  # the raw request target, origin form: "/prod/pets?a=b"
    path: str  # the target up to "?", still percent-encoded
    query: str  # the target after "?", raw; "" without one
    headers: Headers
    body: bytes
    host: str  # the Host header's host, lower case, without its port; validated by the edge
    source_ip: str  # the client's address, as the edge decided
    scheme: str  # "http" or "https"
    vpc_origin: VpcOrigin | None = None  # None: it did not come through a VPC endpoint
    protocol: str = "HTTP/1.1"
    request_id: str  # UUID, the x-amzn-RequestId of the answer
    received_at: datetime  # aware, UTC


class BodyStream(Protocol):
    """A body that is still on its way: read once, piece by piece, by the one who holds it.

    The next piece is not fetched before it is asked for, beyond what a bound lets ahead. Iterating raises a Refusal
    where the body breaks off: what came until then is not the whole.
    """

    @property
    def length(self) -> int | None:
        """The whole body's length in bytes; None where that is known only at its end."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, none of them empty."""
        ...

    def close(self) -> None:
        """Want no more of it. Whoever holds a stream reads it to its end or closes it; doing both does no harm."""
        ...


class HttpResponse(Struct, frozen=True, kw_only=True):
    """One answer. Framing (Content-Length, Connection) is the edge's business and is not among the headers."""

    status: int
    headers: Headers = Headers()
    body: bytes = b""
    stream: BodyStream | None = None  # the body, where it is still on its way; then ``body`` is empty
