"""An answer of the gateway, with the explanation of how it came about."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from rich.console import Console

from yett.server.explanation import draw
from yett.values.http import HttpResponse

ALLOWED = "allow"


class Answer:
    """What the caller read, and why."""

    __tracebackhide__ = True

    def __init__(
        self,
        response: HttpResponse,
        trace: Mapping[str, Any],
        advise: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        """*advise* says what would allow the call (``wouldAllow``, ``hints``), and is asked when an explanation is."""
        self.status = response.status
        self.headers = response.headers
        self.body = response.body
        self.trace = trace
        self._advise = advise

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def error_type(self) -> str | None:
        """``x-amzn-ErrorType`` without its case."""
        return self.headers.get("x-amzn-errortype")

    @property
    def outcome(self) -> str:
        """``allow``, ``explicit_deny``, ``implicit_deny``, ``unauthenticated`` or ``error``."""
        return str(self.trace["outcome"])

    def assert_allowed(self) -> "Answer":
        """Fail, with the explanation, unless the gateway let the call through to its backend."""
        __tracebackhide__ = True
        if self.outcome != ALLOWED:
            raise AssertionError(f"the call was not allowed, but {self.outcome}:\n{self.explain()}")
        return self

    def assert_denied(self, *, by: str | None = None, status: int | None = None) -> "Answer":
        """Fail, with the explanation, unless the gateway refused the call.

        *by* names what decided: a Sid, a policy, a kind of policy (``identity``, ``resource`` …) or an outcome
        (``explicit_deny``, ``unauthenticated`` …).
        """
        __tracebackhide__ = True
        if self.outcome in {ALLOWED, "error"}:
            raise AssertionError(f"the call was not denied, but {self.outcome}:\n{self.explain()}")
        if status is not None and self.status != status:
            raise AssertionError(f"the call was denied with {self.status}, not {status}:\n{self.explain()}")
        if by is not None and by not in self.deciders():
            known = ", ".join(sorted(self.deciders()))
            raise AssertionError(f"the call was denied by {known}, not by {by}:\n{self.explain()}")
        return self

    def deciders(self) -> set[str]:
        """The names under which ``assert_denied(by=...)`` knows what decided."""
        decided = self.trace["decidedBy"] or {}
        return {str(name) for name in (self.outcome, *decided.values()) if name is not None}

    def explain(self) -> str:
        """The explanation as `yett explain` prints it."""
        console = Console(width=160, color_system=None, highlight=False, soft_wrap=True)
        with console.capture() as captured:
            console.print(draw({**self.trace, **self._advise()}))
        return captured.get()

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.outcome}>"
