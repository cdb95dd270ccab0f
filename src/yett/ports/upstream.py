"""Backends and identity providers on the network: one HTTP/1.1 request out, one answer back."""

from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from msgspec import Struct

from yett.values.errors import Unavailable
from yett.values.http import BodyStream, Headers


class NetworkRule(Struct, frozen=True, kw_only=True, cache_hash=True):
    """Which of the addresses that are not public may be connected to.

    Link-local and metadata addresses, multicast and the unspecified address are never among them, whatever is set here.
    """

    allow_loopback: bool  # 127.0.0.0/8, ::1
    allow_private: bool  # RFC 1918, RFC 4193, shared address space (RFC 6598)
    allowed: tuple[IPv4Network | IPv6Network, ...] = ()  # and these, where the operator listed them


PUBLIC_ONLY = NetworkRule(allow_loopback=False, allow_private=False)
LOCAL_DEVELOPMENT = NetworkRule(allow_loopback=True, allow_private=True)  # for loopback listeners only


class UpstreamRequest(Struct, frozen=True, kw_only=True, gc=False):
    """One request to a backend. Framing and hop-by-hop lines are the client's business, whatever the headers say."""

    method: str
    scheme: str  # "http" or "https"
    host: str  # a DNS name or an address, IPv6 without brackets
    port: int
    target: str  # origin form, percent-encoded: "/pets?a=b"
    headers: Headers = Headers()  # a Host line, where given, replaces the one made of host and port
    body: bytes = b""
    # For the whole exchange: resolving, connecting, sending, and the last byte of the answer; of a stream, of its head.
    timeout_seconds: float
    network_rule: NetworkRule
    insecure_skip_verification: bool = False  # the integration's tlsConfig of that name
    # A longer body, or one of a length unknown when its head has come, is given as a stream; None: every body whole.
    streams_above_bytes: int | None = None


class UpstreamResponse(Struct, frozen=True, kw_only=True):
    """What the backend answered.

    The body is decoded from its transfer coding. Connection and Content-Length stay among the headers as the backend
    wrote them, since a REST API renames them; lines that Connection names, and Transfer-Encoding, Trailer, Keep-Alive,
    Upgrade and Proxy-Connection, do not.
    """

    status: int  # 200 to 999; interim answers are skipped
    headers: Headers
    body: bytes
    # Where the request permits it. A stream holds a connection until its end or ``close``; what becomes of a body that
    # breaks off, takes too long or too much is raised from it, as from ``send``.
    stream: BodyStream | None = None


class UpstreamFailed(Unavailable):
    """There is no answer of the backend's to relay."""


class UpstreamTimedOut(UpstreamFailed):
    """The whole answer was not there in time."""


class UpstreamUnreachable(UpstreamFailed):
    """The name does not resolve, the connection was refused or reset, or the answer is not HTTP within our bounds."""


class UpstreamTooLarge(UpstreamFailed):
    """The answer's body exceeds the bound of what is relayed."""


class UpstreamRefused(UpstreamFailed):
    """The network rule permits none of the addresses that the name resolves to. Nothing was sent."""


class UpstreamBadAddress(UpstreamFailed):
    """The request cannot be put on the wire: no such scheme, port, host name, or a forbidden byte. Nothing was sent."""


class UpstreamTlsFailed(UpstreamFailed):
    """The TLS handshake failed: certificate, name or protocol. Nothing was sent."""


class Upstream(Protocol):
    """Sends requests to backends.

    An adapter resolves the name once, checks every address by the network rule, and connects to a checked address; it
    follows no redirect and heeds no proxy variable. A request that may have reached the backend is never sent twice,
    unless it is idempotent, has no body, and was lost on a connection that had served another request before.
    """

    @property
    def connection_count(self) -> int:
        """Connections that are open."""
        ...

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send one request and wait for the whole answer, or for its head where its body comes as a stream.

        Raises:
            UpstreamTimedOut, UpstreamUnreachable, UpstreamTooLarge, UpstreamRefused, UpstreamBadAddress,
            UpstreamTlsFailed.
        """
        ...
