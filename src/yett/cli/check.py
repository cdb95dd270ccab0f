"""`yett check`: does a live API let in whom a matrix says, and nobody else?"""

import os
import re
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec import Struct

from yett.cli.client import Access, Answer, send, send_signed, split_url
from yett.server.matrix_file import CallerRow, MatrixFile, parse
from yett.values.http import Headers
from yett.values.secret import Secret

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
REGION: Final = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com$")
UNAUTHENTICATED: Final = frozenset(
    {
        "missingauthenticationtokenexception",
        "invalidsignatureexception",
        "unrecognizedclientexception",
        "incompletesignatureexception",
        "expiredtokenexception",
    }
)
BACKEND_FAILED: Final = "internalservererrorexception"
EXPLICIT: Final = b"explicit deny"


class Difference(Struct, frozen=True, kw_only=True, rename="camel"):
    """A call that ended otherwise than expected."""

    route: str
    caller: str
    expected: str | int
    actual: str
    status: int
    request_id: str | None


@click.command()
@click.argument("matrix", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--url", required=True, help="Where the stage is called: https://ID.execute-api.REGION.amazonaws.com/prod"
)
@click.option("--region", help="The Region to sign for.  [default: the URL's, then AWS_REGION]")
@click.option("--all-methods", is_flag=True, help="Send POST, PUT, PATCH and DELETE too: what is allowed is then done.")
@click.option("--json", "as_json", is_flag=True, help="The differences as a JSON object.")
def check(*, matrix: Path, url: str, region: str | None, all_methods: bool, as_json: bool) -> None:
    """Call a live API, of yett or of AWS, as the callers of MATRIX, and report where it answers otherwise.

    MATRIX is what `yett access-matrix --yaml` writes. Exits with 1 if anything differs.
    """
    wanted = parse(matrix.read_text())
    base = url.rstrip("/")
    found = REGION.search(split_url(base).hostname or "")
    region = region or (found[1] if found else None) or os.environ.get("AWS_REGION") or "us-east-1"
    callers = {
        name: _credentials(name, row, base, region) for name, row in wanted.callers.items() if _is_used(name, wanted)
    }
    different: list[Difference] = []
    sent = skipped = 0
    for route, cells in wanted.routes.items():
        method, _, path = route.partition(" ")
        if method not in SAFE and not all_methods:
            skipped += len(cells)
            continue
        for caller, expected in cells.items():
            answer = _send(callers[caller], wanted.callers[caller], method, base + path)
            sent += 1
            if not is_as_expected(expected, answer):
                different.append(
                    Difference(
                        route=route,
                        caller=caller,
                        expected=expected,
                        actual=outcome_of(answer),
                        status=answer.status,
                        request_id=answer.headers.get("x-amzn-requestid"),
                    )
                )
    if as_json:
        summary = {"checked": sent, "skipped": skipped, "differences": different}
        sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        for each in different:
            click.echo(
                f"{each.route} as {each.caller}: expected {each.expected}, got {each.actual} ({each.status})"
                + (f", request {each.request_id}" if each.request_id else "")
            )
        note = f", {skipped} not sent since they may change something (--all-methods sends them)" if skipped else ""
        click.echo(f"{sent} calls, {len(different)} differ{note}")
    if different:
        raise SystemExit(1)


def outcome_of(answer: Answer) -> str:
    """What the gateway decided, as its answer shows."""
    error_type = (answer.headers.get("x-amzn-errortype") or "").partition(":")[0].lower()
    if answer.status == 403 and error_type in UNAUTHENTICATED:
        return "unauthenticated"
    if answer.status == 403 and error_type == "accessdeniedexception":
        return "explicit_deny" if EXPLICIT in answer.body else "implicit_deny"
    if answer.status == 401 and error_type == "unauthorizedexception":
        return "needs_token"
    if error_type == BACKEND_FAILED:
        return "allow"  # the gateway let it through; what is behind it fails
    return "error" if error_type and answer.status >= 400 else "allow"


def is_as_expected(expected: str | int, answer: Answer) -> bool:
    """Whether the answer is one of those expected. AWS does not always say whether a denial was explicit."""
    if isinstance(expected, int):
        return answer.status == expected
    outcome = outcome_of(answer)
    if expected == "explicit_deny" and outcome == "implicit_deny":
        return b"explicit" not in answer.body and b"no " not in answer.body
    return outcome == expected


def _is_used(name: str, wanted: MatrixFile) -> bool:
    return any(name in cells for cells in wanted.routes.values())


def _credentials(name: str, row: CallerRow, url: str, region: str) -> Access | None:
    """The credentials of a caller that signs; None for one that does not.

    Raises:
        click.ClickException: It should, and they are not to be had.
    """
    if row.profile is not None:
        return _of_profile(name, row.profile, url, region)
    if row.env is None:
        return None
    return _of_environment(name, row.env, os.environ, url, region)


def _of_environment(name: str, prefix: str, environment: Mapping[str, str], url: str, region: str) -> Access:
    key, secret = environment.get(f"{prefix}_ACCESS_KEY_ID"), environment.get(f"{prefix}_SECRET_ACCESS_KEY")
    if not key or not secret:
        raise click.ClickException(f"caller `{name}`: set {prefix}_ACCESS_KEY_ID and {prefix}_SECRET_ACCESS_KEY")
    token = environment.get(f"{prefix}_SESSION_TOKEN")
    return Access(
        url=url,
        access_key_id=key,
        secret_access_key=Secret(secret),
        session_token=Secret(token) if token else None,
        region=region,
    )


def _of_profile(name: str, profile: str, url: str, region: str) -> Access:
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = botocore.session.Session(profile=profile).get_credentials()
        frozen = None if found is None else found.get_frozen_credentials()  # which may assume a role
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(f"caller `{name}`, profile `{profile}`: {error}") from error
    if frozen is None:
        raise click.ClickException(f"caller `{name}`: profile `{profile}` has no credentials")
    return Access(
        url=url,
        access_key_id=str(frozen.access_key),
        secret_access_key=Secret(str(frozen.secret_key)),
        session_token=Secret(str(frozen.token)) if frozen.token else None,
        region=region,
    )


def _send(access: Access | None, row: CallerRow, method: str, url: str) -> Answer:
    lines: list[tuple[str, str]] = []
    if row.token_env is not None:
        token = os.environ.get(row.token_env)
        if not token:
            raise click.ClickException(f"set {row.token_env} to the token that it stands for")
        lines.append((row.header, token))
    if access is not None:
        return send_signed(access, method, url, service="execute-api", headers=Headers.of(lines))
    request = urllib.request.Request(url, method=method)  # noqa: S310 - its scheme was looked at
    for header, value in lines:
        request.add_header(header, value)
    return send(request)
