"""Recent decisions, in a bounded ring: what a trace needs is kept, and the trace computed when somebody asks.

A record holds no header, body, token or signature: only what policies were asked, who was found to call, and how it
ended.
"""

from collections import OrderedDict
from datetime import datetime
from itertools import islice
from time import perf_counter
from typing import Final

from msgspec import Struct

from yett.policy import Decision
from yett.rules.execute_api.call import Authenticated, Authorized, Question, Routed, Standing
from yett.rules.execute_api.errors import AccessDenied, GatewayError, InvalidSignature, ResponseType
from yett.rules.execute_api.plan import StagePlan
from yett.rules.execute_api.routing.domain import Target
from yett.values.http import HttpRequest, HttpResponse
from yett.values.identity import ANONYMOUS, Identity

KEPT: Final = 4096  # records; about a kilobyte each

STEPS: Final = ("route", "screen", "authenticate", "authorize", "integrate")


class Refused(Struct, frozen=True):
    """How the gateway answered in the integration's place. What the client read is not kept: it may quote the request
    that it is about.
    """

    response_type: ResponseType
    error_type: str
    default_status: int
    reason: str
    cause: str | None = None  # of a signature that does not match


class Record:
    """One call's progress along the line. The line writes it; nobody else does."""

    __slots__ = (
        "api_id",
        "at",
        "decision",
        "failure",
        "marks",
        "method",
        "path",
        "plan",
        "question",
        "refusal",
        "request_id",
        "source_ip",
        "stage",
        "standing",
        "started",
        "status",
    )

    def __init__(self, request: HttpRequest, target: Target | None) -> None:
        self.started = perf_counter()
        self.request_id = request.request_id
        self.at: datetime = request.received_at
        self.method = request.method
        self.source_ip = request.source_ip
        self.path = request.path if target is None else target.path
        self.api_id = "" if target is None else target.api_id
        self.stage = "" if target is None else target.stage
        self.plan: StagePlan | None = None
        self.marks: list[float] = []  # when each step of STEPS was passed
        self.question: Question | None = None
        self.standing: Standing | None = None
        self.decision: Decision | None = None
        self.refusal: Refused | None = None
        self.failure: str | None = None
        self.status = 0

    @property
    def is_finished(self) -> bool:
        """Whether the call was answered."""
        return self.status != 0 or self.failure is not None

    @property
    def identity(self) -> Identity:
        """Who calls, as far as it is known."""
        return ANONYMOUS if self.standing is None else self.standing.identity

    def routed(self, routed: Routed) -> None:
        """The call has found its method."""
        self.question = routed.question
        self.method = routed.request.method  # which an override may have made another than the one sent
        self.marks.append(perf_counter())

    def screened(self) -> None:
        """The resource policy has no deny against it."""
        self.marks.append(perf_counter())

    def authenticated(self, authenticated: Authenticated) -> None:
        """It is known who calls."""
        self.standing = authenticated.standing
        self.marks.append(perf_counter())

    def authorized(self, authorized: Authorized) -> None:
        """The policies allow it."""
        self.decision = authorized.decision
        self.marks.append(perf_counter())

    def integrated(self, answer: HttpResponse) -> None:
        """The backend answered."""
        self.status = answer.status
        self.marks.append(perf_counter())

    def refused(self, error: GatewayError, answer: HttpResponse) -> None:
        """A step refused."""
        cause = error.cause if isinstance(error, InvalidSignature) else None
        self.refusal = Refused(error.response_type, error.error_type, error.status, error.reason, cause)
        if isinstance(error, AccessDenied):
            self.decision = error.decision
        self.status = answer.status
        self.marks.append(perf_counter())

    def failed(self, reason: str, *, status: int) -> None:
        """Something broke."""
        self.failure = reason
        self.status = status
        self.marks.append(perf_counter())


class Decisions:
    """The newest records, by request id."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._records: OrderedDict[str, Record] = OrderedDict()

    def open(self, request: HttpRequest, target: Target | None) -> Record:
        """A record for a call that has just come in; the oldest goes."""
        record = Record(request, target)
        self._records[record.request_id] = record
        if len(self._records) > self._kept:
            self._records.popitem(last=False)
        return record

    def find(self, request_id: str) -> Record | None:
        """The record of a request id, if it is still kept."""
        return self._records.get(request_id)

    def since(self, moment: datetime, limit: int) -> tuple[tuple[Record, ...], datetime | None]:
        """Finished calls that came in at *moment* or later, oldest first, of more than *limit* the newest; and when the
        first came in of those that are still going on.
        """
        found: list[Record] = []
        waiting: datetime | None = None
        for record in reversed(self._records.values()):
            if record.at < moment or len(found) == limit:
                break
            if record.is_finished:
                found.append(record)
            else:
                waiting = record.at
        return tuple(reversed(found)), waiting

    def recent(self, limit: int) -> tuple[Record, ...]:
        """The newest records, newest first."""
        return tuple(islice(reversed(self._records.values()), limit))
