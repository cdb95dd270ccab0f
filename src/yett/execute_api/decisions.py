"""Recent decisions, in a bounded ring for each API: what a trace needs is kept, and the trace computed when somebody
asks.

A record holds no header, body, token or signature: only what policies were asked, who was found to call, and how it
ended.
"""

from collections import deque
from datetime import datetime
from heapq import nlargest
from itertools import chain
from operator import attrgetter
from time import perf_counter
from typing import Final

from msgspec import Struct

from yett.execute_api.tally import Key, Row, Tally
from yett.policy import Decision, Outcome
from yett.ports.tracing import Span
from yett.rules.execute_api.call import Question, Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.errors import AccessDenied, Forbidden, GatewayError, InvalidSignature, ResponseType
from yett.rules.execute_api.plan import MethodPlan, StagePlan
from yett.rules.execute_api.routing.domain import Target
from yett.sigv4 import Outline
from yett.values.http import HttpRequest, HttpResponse
from yett.values.identity import ANONYMOUS, Identity

KEPT: Final = 4096  # records of an API; about a kilobyte each
METHODS_AT_HAND: Final = 20_000  # ours; so
ENDS_AT_HAND: Final = 100  # of a method
OF_NOBODY: Final = ""  # the ring of calls that name no API which there is
UNVERIFIED: Final = "AWS_IAM, not verified"  # in the tally: somebody vouched for the caller
UNAUTHENTICATED: Final = frozenset({401, 403})

STEPS: Final = ("route", "screen", "authenticate", "authorize", "integrate")


class Refused(Struct, frozen=True):
    """How the gateway answered in the integration's place. Of what the client read the first line is kept: those after
    it quote the request that it is about.
    """

    response_type: ResponseType
    error_type: str
    default_status: int
    reason: str
    cause: str | None = None  # of a signature that does not match
    outline: Outline | None = None  # likewise: of what came in
    message: str = ""


class Record:
    """One call's progress along the line. The line writes it; nobody else does."""

    __slots__ = (
        "answer_bytes",
        "api_id",
        "at",
        "authenticated_at",
        "authorized_at",
        "decision",
        "ended_at",
        "failure",
        "method",
        "path",
        "plan",
        "question",
        "refusal",
        "request_id",
        "routed_at",
        "screened_at",
        "source_ip",
        "span",
        "stage",
        "standing",
        "started",
        "status",
    )

    def __init__(self, request: HttpRequest, target: Target | None) -> None:
        """The record of a call that has just come in; without a *target* its URL names no API."""
        self.started = perf_counter()
        self.request_id = request.request_id
        self.at = request.received_at
        self.method = request.method  # then as an override has it
        self.source_ip = request.source_ip
        if target is None:
            self.api_id, self.stage, self.path = "", "", request.path
        else:
            self.api_id, self.stage, self.path = target.api_id, target.stage, target.path
        self.plan: StagePlan | None = None
        # When a step was passed, by the clock of ``perf_counter``; 0.0 where it was not.
        self.routed_at = 0.0
        self.screened_at = 0.0
        self.authenticated_at = 0.0
        self.authorized_at = 0.0
        self.ended_at = 0.0  # by the integration's answer, or by whatever came in its place
        self.question: Question | None = None
        self.standing: Standing | None = None
        self.decision: Decision | None = None
        self.refusal: Refused | None = None
        self.failure: str | None = None
        self.status = 0
        self.span: Span | None = None  # as long as the call goes on, where spans are wanted
        self.answer_bytes: int | None = None  # of its body, where that is known beforehand

    @property
    def is_finished(self) -> bool:
        """Whether the call was answered."""
        return self.status != 0 or self.failure is not None

    @property
    def outcome(self) -> str:
        """``allow``, ``explicit_deny``, ``implicit_deny``, ``unauthenticated`` or ``error``."""
        refusal, decision = self.refusal, self.decision
        if decision is not None and decision.outcome is not Outcome.ALLOW:
            return decision.outcome.value
        if self.status == 0 or self.failure is not None:
            return "error"  # a caller that hung up is not answered at all
        if refusal is None:
            return "allow"
        is_about_the_caller = refusal.default_status in UNAUTHENTICATED and refusal.error_type != Forbidden.error_type
        return "unauthenticated" if is_about_the_caller and decision is None else "error"

    @property
    def marks(self) -> list[float]:
        """When each step of STEPS was passed; and last, when the call ended in whichever."""
        passed = (self.routed_at, self.screened_at, self.authenticated_at, self.authorized_at, self.ended_at)
        return [mark for mark in passed if mark]

    @property
    def seconds(self) -> float:
        """How long the call took, as far as it has come."""
        ended_at = self.ended_at
        return (ended_at if ended_at else max(self.marks, default=self.started)) - self.started

    @property
    def identity(self) -> Identity:
        """Who calls, as far as it is known."""
        return ANONYMOUS if self.standing is None else self.standing.identity

    def integrated(self, answer: HttpResponse) -> None:
        """The backend answered."""
        self.status = answer.status
        self.answer_bytes = len(answer.body) if answer.stream is None else answer.stream.length
        self.ended_at = perf_counter()

    def refused(self, error: GatewayError, answer: HttpResponse) -> None:
        """A step refused."""
        cause, outline = (error.cause, error.outline) if isinstance(error, InvalidSignature) else (None, None)
        self.refusal = Refused(
            error.response_type,
            error.error_type,
            error.status,
            error.reason,
            cause,
            outline,
            _first_line(error.message),
        )
        if isinstance(error, AccessDenied):
            self.decision = error.decision
        self.status = answer.status
        self.answer_bytes = len(answer.body)
        self.ended_at = perf_counter()

    def failed(self, reason: str, *, status: int) -> None:
        """Something broke."""
        self.failure = reason
        self.status = status
        self.ended_at = perf_counter()


class Decisions:
    """The newest records, by request id; and a tally of all of them."""

    def __init__(self, *, kept: int = KEPT, allowed_one_in: int = 1) -> None:
        """*kept* records for each API. Of calls that were allowed only one in *allowed_one_in* is kept; every refusal
        and failure is.
        """
        self.tally = Tally()
        self._kept = kept
        self._allowed_one_in = allowed_one_in
        self._allowed = 0
        self._methods: dict[MethodPlan, _Method] = {}  # methods are told apart by identity
        self._in_hand: dict[str, Record] = {}
        self._rings: dict[str, deque[Record]] = {}  # by API id, in the order in which they were answered

    def open(self, request: HttpRequest, target: Target | None) -> Record:
        """A record for a call that has just come in. Who opens one closes it."""
        record = self._in_hand[request.request_id] = Record(request, target)
        return record

    def close(self, record: Record) -> None:
        """The call is answered, or will never be: it is counted, and kept in its API's ring, whose oldest goes."""
        question = record.question
        self._in_hand.pop(record.request_id, None)
        if question is None:
            row, ring = self.tally.row(_names(record)), self._ring(record)
        else:
            method = self._methods.get(question.method) or self._meet(question.method, record)
            end = _end(record)
            row, ring = method.rows.get(end) or self._count(method, end, record), method.ring
        row.add(record.ended_at - record.started if record.ended_at else record.seconds)
        if self._allowed_one_in != 1 and record.refusal is None and record.failure is None:
            self._allowed += 1
            if self._allowed % self._allowed_one_in:
                return
        ring.append(record)

    def _ring(self, record: Record) -> deque[Record]:
        """That of the record's API."""
        api_id = OF_NOBODY if record.plan is None else record.plan.api_id
        ring = self._rings.get(api_id)
        if ring is None:
            ring = self._rings[api_id] = deque(maxlen=self._kept)  # whose oldest goes by itself
        return ring

    def _meet(self, method: MethodPlan, record: Record) -> "_Method":
        """A method whose calls have not been counted, or not for long."""
        if len(self._methods) >= METHODS_AT_HAND:
            self._methods.clear()
        met = self._methods[method] = _Method(self._ring(record), {})
        return met

    def _count(self, method: "_Method", end: object, record: Record) -> Row:
        """Where calls of a kind are counted: found by names once, and then kept beside the method."""
        if len(method.rows) >= ENDS_AT_HAND:
            method.rows.clear()
        row = method.rows[end] = self.tally.row(_names(record))
        return row

    def __len__(self) -> int:
        return sum(map(len, self._rings.values()))

    def find(self, request_id: str) -> Record | None:
        """The record of a request id, if it is still kept. It is searched for: an index would cost every call."""
        if (waiting := self._in_hand.get(request_id)) is not None:
            return waiting
        for ring in tuple(self._rings.values()):
            for record in reversed(tuple(ring)):  # a copy, since another thread may ask
                if record.request_id == request_id:
                    return record
        return None

    def since(self, moment: datetime, limit: int) -> tuple[tuple[Record, ...], datetime | None]:
        """Finished calls that came in at *moment* or later, oldest first, of more than *limit* the newest; and when the
        first came in of those that are still going on.
        """
        found = [record for record in self.recent(limit) if record.at >= moment and record.is_finished]
        waiting = min((record.at for record in self._in_hand.values()), default=None)
        return tuple(reversed(found)), waiting

    def recent(self, limit: int) -> tuple[Record, ...]:
        """The newest records, newest first."""
        newest = chain.from_iterable(_newest(ring, limit) for ring in self._rings.values())
        return tuple(nlargest(limit, newest, key=attrgetter("at")))


class _Method(Struct, frozen=True):
    """A method that calls came to, where they are kept, and by their ends where they are counted."""

    ring: deque[Record]
    rows: dict[object, Row]


def _end(record: Record) -> object:
    """All that the names of a method's calls hang on: the status alone, where nothing is out of the ordinary."""
    standing, refusal = record.standing, record.refusal
    was_let_in = refusal is None and record.failure is None and record.decision is not None
    if was_let_in and standing is not None and standing.kept_since is None and standing.vouched_by is None:
        return record.status
    return (
        record.status,
        record.decision and record.decision.outcome,
        refusal and (refusal.error_type, refusal.default_status),
        record.failure is None,
        standing and (standing.kept_since is None, standing.vouched_by is None),
    )


def _first_line(message: str | None) -> str:
    return "" if message is None else message.partition("\n")[0]


def _newest(ring: deque[Record], limit: int) -> list[Record]:
    """What may be among the newest *limit*: calls are answered in nearly the order in which they came."""
    return [record for record, _ in zip(reversed(ring), range(2 * limit), strict=False)]


def _names(record: Record) -> Key:
    """What a call is counted under."""
    question = record.question
    if question is None:
        plan = record.plan
        api_id, stage = ("", "") if plan is None else (plan.api_id, plan.stage)
        return (api_id, stage, "", "", "", record.outcome, record.status, "", "")
    plan, method, standing = question.plan, question.method, record.standing
    authorizer = cache = ""
    if method.authorizer is not None:
        authorizer = method.authorizer.name
        if standing is not None and method.authorization_type is AuthorizationType.CUSTOM:
            cache = "miss" if standing.kept_since is None else "hit"
    return (
        plan.api_id,
        plan.stage,
        method.http_method,
        method.resource_path,
        _mechanism(method, standing),
        record.outcome,
        record.status,
        authorizer,
        cache,
    )


def _mechanism(method: MethodPlan, standing: Standing | None) -> str:
    return UNVERIFIED if standing is not None and standing.vouched_by is not None else method.authorization_type.value
