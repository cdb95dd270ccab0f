"""Every secret that a run of the tests uses, and the search for it in everything that yett writes meanwhile.

What is noted: the text of each `Secret`, what SDK clients send and are given under a secret's name, the credentials
that requests are signed with, and what HTTP clients send as proof. What is searched: the output of each test, and of
each server when it ends its output, its traces, its metrics and its home.
"""

import asyncio
import base64
import configparser
import contextlib
import functools
import http.client
import json
import os
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import botocore.client
import botocore.credentials
import re2

from yett.execute_api.trace import explain
from yett.server.metrics import render
from yett.server.report import report
from yett.server.run import Server
from yett.values.secret import Secret

SHORTEST = 16  # shorter ones are words, which may stand anywhere
FEWEST_BYTES = 6  # that differ: a property test's seed of zeros is no secret, and stands anywhere
SMALL_BYTES = 4096
MATCHERS = 8
EXPLAINED = 1000  # of a server's newest calls
SECRET_MEMBERS = frozenset(
    {
        "AccessToken",
        "ClientSecret",
        "IdToken",
        "Password",
        "PASSWORD",
        "NEW_PASSWORD",
        "NewPassword",
        "OldPassword",
        "PreviousPassword",
        "ProposedPassword",
        "RefreshToken",
        "REFRESH_TOKEN",
        "SecretAccessKey",
        "SECRET_HASH",
        "Session",
        "SessionToken",
        "TemporaryPassword",
        "WebIdentityToken",
    }
)
PROOFS = frozenset({"authorization", "cookie", "x-amz-security-token"})
# What a home keeps in clear, and must: whoever reads it owns the server.
IN_CLEAR = frozenset({"credentials", "master.key"})


def spellings(secret: str) -> set[bytes]:
    """A secret as it is, and as it may have been written down."""
    raw = secret.encode("utf-8", "surrogateescape")
    spelled = {raw, raw[::-1], raw.hex().encode(), json.dumps(secret)[1:-1].encode()}
    spelled |= {urllib.parse.quote(raw, safe="").encode(), urllib.parse.quote_plus(raw).encode()}
    for shift in range(3):  # base64 of a text around it, wherever in it the secret stands
        encoded = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4].rstrip(b"=")
        spelled |= {encoded, encoded.replace(b"+", b"-").replace(b"/", b"_")}
    with contextlib.suppress(ValueError):
        spelled.add(base64.b64decode(raw, validate=True))
    return {one for one in spelled if len(one) >= 12 and len(set(one)) >= FEWEST_BYTES}


class Secrets:
    """What was noted in this process, with what it was and in which test it was first seen."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}  # by spelling
        self._noted: set[str] = set()
        self._unsearched: list[bytes] = []  # spellings that are in no matcher yet
        self._matchers: list[tuple[Any, list[bytes]]] = []

    def note(self, secret: object, what: str) -> None:
        """From now on nothing that is written may hold it."""
        if not isinstance(secret, str) or len(secret) < SHORTEST or secret in self._noted:
            return
        self._noted.add(secret)
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        for one in spellings(secret):
            if one not in self._known:
                self._known[one] = f"{what} of {test}"
                self._unsearched.append(one)

    def found_in(self, content: bytes) -> set[str]:
        """Which of them stand in it."""
        if len(content) <= SMALL_BYTES:
            return {what for one, what in self._known.items() if one in content}
        return {
            self._known[spelled[number]]
            for matcher, spelled in self._up_to_date()
            for number in matcher.Match(content) or ()
        }

    def _up_to_date(self) -> list[tuple[Any, list[bytes]]]:
        """Matchers of every spelling: what is new gets one of its own, until there are many."""
        if self._unsearched:
            if len(self._matchers) == MATCHERS:
                self._matchers, self._unsearched = [], list(self._known)
            options = re2.Options()
            options.literal, options.log_errors, options.max_mem = True, False, 1 << 30
            options.encoding = re2.Options.Encoding.LATIN1
            matcher = re2.Set.SearchSet(options)
            for one in self._unsearched:
                matcher.Add(one)
            matcher.Compile()
            self._matchers.append((matcher, self._unsearched))
            self._unsearched = []
        return self._matchers


SECRETS = Secrets()


def check(places: Iterable[tuple[str, bytes]]) -> None:
    """Fail if a secret stands in one of the places, without showing it."""
    found = [f"{place} holds {what}" for place, content in places for what in sorted(SECRETS.found_in(content))]
    if found:
        raise AssertionError("\n".join(found))


def check_home(home: Path) -> None:
    """Fail if a secret lies open in what a server has kept, its root's and its master key among them."""
    credentials = configparser.ConfigParser(interpolation=None)
    credentials.read(home / "credentials")
    for section in credentials.sections():
        SECRETS.note(credentials[section].get("aws_secret_access_key"), "root's secret access key")
    with contextlib.suppress(OSError):
        SECRETS.note((home / "master.key").read_text().strip(), "the master key")
    check(files_of(home) if home.is_dir() else ())


def files_of(home: Path) -> Iterable[tuple[str, bytes]]:
    """What a home keeps, but for what is in clear there by intent: root's credentials, the master key, and the code
    that deployers gave.
    """
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        if path.is_file() and not path.is_symlink() and name not in IN_CLEAR and not name.startswith("code/"):
            yield f"{home.name}/{name}", path.read_bytes()


async def tell(server: Server) -> list[tuple[str, bytes]]:
    """What a server tells of the calls that it has answered: their traces, and the metrics."""
    records = server.decisions.recent(EXPLAINED)
    traces = [(f"the trace of {record.request_id}", json.dumps(explain(record)).encode()) for record in records]
    return [*traces, ("metrics", render((report("server", decisions=server.decisions),), accept="").body)]


def watch() -> None:
    """Note every secret from now on, and search what each server of this process has told and kept when it stops."""
    _after(Secret, "__init__", lambda _, text: SECRETS.note(text, "a secret"))
    _after(botocore.credentials.Credentials, "__init__", _note_credentials)
    _after(http.client.HTTPConnection, "putheader", _note_header)
    act = botocore.client.BaseClient._make_api_call

    @functools.wraps(act)
    def noted(self: Any, operation_name: str, api_params: Any) -> Any:
        _note_members(api_params, operation_name)
        answer = act(self, operation_name, api_params)
        _note_members(answer, operation_name)
        return answer

    botocore.client.BaseClient._make_api_call = noted
    stop = Server.stop

    @functools.wraps(stop)
    async def searched(self: Server) -> None:
        told = await tell(self)
        await stop(self)
        check(told)
        await asyncio.to_thread(check_home, self.home)

    Server.stop = searched  # type: ignore[method-assign]


def _after(owner: type, name: str, note: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def noting(self: Any, *arguments: Any, **named: Any) -> Any:
        note(self, *arguments, **named)
        return original(self, *arguments, **named)

    setattr(owner, name, noting)


def _note_credentials(
    _: object, access_key: str, secret_key: str, token: str | None = None, *__: object, **___: object
) -> None:
    SECRETS.note(secret_key, "a secret access key")
    SECRETS.note(token, "a session token")


def _note_header(_: object, header: str | bytes, *values: object) -> None:
    name = (header.decode() if isinstance(header, bytes) else header).lower()
    if name not in PROOFS:
        return
    for value in values:
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        signature = text.rpartition("Signature=")[2] if text.startswith("AWS4-") else None
        SECRETS.note(signature or text.removeprefix("Bearer "), f"the header `{name}`")


def _note_members(value: object, where: str) -> None:
    if isinstance(value, Mapping):
        for name, member in value.items():
            if name in SECRET_MEMBERS:
                SECRETS.note(member, f"{name} of {where}")
            else:
                _note_members(member, where)
    elif isinstance(value, list):
        for member in value:
            _note_members(member, where)
