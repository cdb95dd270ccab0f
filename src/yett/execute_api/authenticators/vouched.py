"""A caller whose secret cannot be known here: let in by a rule that names its access key, and by nothing else.

For development against callers of the real cloud, whose sessions no other party can verify. What can be checked
without the secret is checked as ever: form, moment, scope and signed headers. The call must come over loopback, from no
proxy, and from no page of elsewhere that a browser on this machine shows: hence no signature in the query either, which
any page can have its browser send.
"""

from datetime import datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import structlog
from msgspec import structs

from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.vouching import Voucher
from yett.rules.execute_api.call import Routed, Standing
from yett.rules.execute_api.method_override import METHOD_OVERRIDE
from yett.sigv4 import Expectation, SignatureRefused, SignedRequest, read_presented
from yett.values.arn import Arn, NotAnArn
from yett.values.http import HttpRequest

# Whoever forwards a call says so in one of these; then it is somebody else who calls.
FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
# What browsers say of the page that a request is for.
ORIGIN: Final = "origin"
FETCH_SITE: Final = "sec-fetch-site"
CROSS_SITE: Final = "cross-site"
LOCALHOST: Final = "localhost"

log = structlog.get_logger(__name__)


async def vouched_standing(routed: Routed, ports: Ports, expectation: Expectation) -> Standing | None:
    """The standing that a rule gives to whoever presents an access key that is unknown here; None without one.

    The caller has found that the credentials are not known.
    """
    request = routed.sent
    if not is_from_this_machine(request, ports) or request.headers.get(METHOD_OVERRIDE) is not None:
        return None
    now = request.received_at
    try:
        presented = read_presented(SignedRequest.of(request), now=now, expectation=expectation)
    except SignatureRefused:
        return None
    if presented is None or presented.form == "query":
        return None
    voucher = ports.vouching.find(presented.access_key_id, now=now)
    if voucher is None:
        return None
    caller = await find_vouched(voucher.principal, ports, now=now)
    if caller is None:
        return None
    log.warning(
        "a call is let in whose signature was not verified",
        request_id=request.request_id,
        rule=voucher.id,
        access_key_id=voucher.access_key_id,
        principal=voucher.principal,
        vouched_by=voucher.made_by,
    )
    return Standing(
        identity=structs.replace(caller.identity, access_key_id=voucher.access_key_id),
        caller_policies=caller.policies,
        invocation_policies=caller.invocation_policies,
        established_by=describe(voucher),
        vouched_by=voucher.id,
    )


def is_from_this_machine(request: HttpRequest, ports: Ports) -> bool:
    """Whether the listener is loopback's, and the call came to it without a detour."""
    if not ports.settings.is_loopback or any(request.headers.get(name) is not None for name in FORWARDED):
        return False
    return ip_address(request.source_ip).is_loopback and not is_of_a_foreign_page(request)


def is_of_a_foreign_page(request: HttpRequest) -> bool:
    """Whether a browser sent it for a page that did not come from this machine.

    Source: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
    """
    if CROSS_SITE in request.headers.get_all(FETCH_SITE):
        return True
    for origin in request.headers.get_all(ORIGIN):
        try:
            host = urlsplit(origin).hostname or ""
        except ValueError:
            return True
        if host != LOCALHOST and not host.endswith(f".{LOCALHOST}") and not is_loopback_address(host):
            return True
    return False


def is_loopback_address(host: str) -> bool:
    """Whether it is an address of this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def find_vouched(principal: str, ports: Ports, *, now: datetime) -> Caller | None:
    """The user or role session of an ARN, if there is such a user or role; nobody vouches for root."""
    try:
        arn = Arn.parse(principal)
    except NotAnArn:
        return None
    kind, _, rest = arn.resource.partition("/")
    match arn.service, kind:
        case "iam", "user":
            return await ports.callers.user(principal)
        case "sts", "assumed-role":
            role_name, _, session_name = rest.partition("/")
            if not session_name or "/" in session_name:
                return None
            role_arn = f"arn:{arn.partition}:iam::{arn.account}:role/{role_name}"
            return await ports.callers.role(role_arn, session_name, now=now)
        case _:
            return None


def describe(voucher: Voucher) -> str:
    """For a trace: what nobody should overlook."""
    return (
        f"THE SIGNATURE WAS NOT VERIFIED: rule `{voucher.id}` of {voucher.made_by} vouches for it until "
        f"{voucher.expires_at:%Y-%m-%dT%H:%M:%SZ}; presented"
    )
