"""``/_yett/api/vouching``: rules for callers whose secret cannot be known, made and removed by root alone.

A server takes them only while it is one process that listens on loopback, and forgets them when it ends.
"""

from datetime import timedelta
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from yett.execute_api.authenticators.vouched import find_vouched
from yett.ports.audit_trail import AuditEntry
from yett.ports.bundle import Ports
from yett.ports.callers import Caller, CredentialFault, CredentialsRefused
from yett.ports.vouching import Voucher
from yett.server.inquiries import NotAnswered
from yett.values.http import HttpRequest
from yett.values.identifiers import ACCESS_KEY_ID

VOUCHING: Final = "/_yett/api/vouching"
LONGEST: Final = timedelta(hours=12)  # ours; as long as a role session
MOST: Final = 32  # ours; rules at a time
ACTION: Final = "yett:Vouch"  # in the audit trail alone: no policy permits it

log = structlog.get_logger(__name__)


class Wanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a request for a rule."""

    access_key_id: str
    principal: str
    seconds: int


class VouchingDesk:
    """Makes, lists and removes rules."""

    def __init__(self, ports: Ports, *, is_alone: bool) -> None:
        """*is_alone*: no other process answers calls."""
        self._ports = ports
        self._is_alone = is_alone

    async def answer(self, request: HttpRequest, caller: Caller) -> dict[str, object]:
        """The rules that there are then.

        Raises:
            NotAnswered: The caller is not root of the server's account, the server is none that takes rules, or the
                rule is none.
        """
        if not caller.policies.is_root or caller.identity.account != self._ports.settings.account:
            raise NotAnswered(403, "only root of the server's account may vouch for callers")
        if not self._is_alone or not self._ports.settings.is_loopback:
            raise NotAnswered(
                403,
                "nobody can be vouched for here: only a server of one process that listens on loopback alone, without "
                "--gateway, --workers or another --host, lets such callers in",
            )
        match request.method:
            case "GET":
                pass
            case "POST":
                await self._add(request, caller)
            case "DELETE":
                await self._remove(request, caller)
            case _:
                raise NotAnswered(405, "GET, POST and DELETE are answered here")
        return {"vouchers": [msgspec.to_builtins(each) for each in self._ports.vouching.all(now=request.received_at)]}

    async def _add(self, request: HttpRequest, caller: Caller) -> None:
        now = request.received_at
        try:
            wanted = msgspec.json.decode(request.body, type=Wanted)
        except msgspec.DecodeError as error:
            raise NotAnswered(400, f"the rule cannot be read: {error}") from error
        if not ACCESS_KEY_ID.fullmatch(wanted.access_key_id):
            raise NotAnswered(
                400, f"`{wanted.access_key_id}` is no access key id, as ASIA… or AKIA… with its 20 letters"
            )
        if not 0 < wanted.seconds <= LONGEST.total_seconds():
            raise NotAnswered(400, f"a rule holds for at most {LONGEST.total_seconds():.0f} seconds")
        if await self._is_known(wanted.access_key_id, request):
            raise NotAnswered(409, f"access key `{wanted.access_key_id}` is one of this server's: sign with it")
        if await find_vouched(wanted.principal, self._ports, now=now) is None:
            raise NotAnswered(
                400,
                f"`{wanted.principal}` is no user or role session here: name "
                "arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME or arn:aws:iam::ACCOUNT:user/NAME, of a role or user that "
                "this server has, with the policies that it is to have",
            )
        if len(self._ports.vouching.all(now=now)) >= MOST:
            raise NotAnswered(409, f"there are {MOST} rules: remove one")
        voucher = Voucher(
            id=f"vouch-{self._ports.randomness.uuid()[:8]}",
            access_key_id=wanted.access_key_id,
            principal=wanted.principal,
            made_by=caller.identity.arn,
            made_at=now,
            expires_at=now + timedelta(seconds=wanted.seconds),
        )
        await self._note(request, caller, voucher.principal)
        self._ports.vouching.add(voucher)
        log.warning("calls whose signature nobody verifies are let in", rule=voucher.id, principal=voucher.principal)

    async def _remove(self, request: HttpRequest, caller: Caller) -> None:
        voucher_id = request.query.removeprefix("id=")
        await self._note(request, caller, voucher_id)
        if not self._ports.vouching.remove(voucher_id):
            raise NotAnswered(404, f"there is no rule `{voucher_id}`: `yett vouch list` shows those that there are")

    async def _is_known(self, access_key_id: str, request: HttpRequest) -> bool:
        try:
            await self._ports.callers.resolve(access_key_id, None, now=request.received_at)
        except CredentialsRefused as refusal:
            return refusal.fault is CredentialFault.INACTIVE_ACCESS_KEY
        return True

    async def _note(self, request: HttpRequest, caller: Caller, resource: str) -> None:
        await self._ports.audit_trail.record(
            AuditEntry(
                request_id=request.request_id,
                at=request.received_at,
                account=caller.identity.account,
                principal=caller.identity.arn,
                source_ip=request.source_ip,
                action=ACTION,
                resource=resource,
                outcome="allowed",
            )
        )
