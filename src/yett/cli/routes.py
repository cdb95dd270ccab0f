"""What `yett up` shows when a template is up: each route, who may call it, and a command to try it with."""

import os
import re
import shlex
import shutil
import socket
import sys
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click
from msgspec import Struct

from yett.rules.execute_api.deployment import AuthorizationType, AuthorizerType
from yett.rules.execute_api.identity_source import Place
from yett.rules.execute_api.plan import AuthorizerPlan, MethodPlan, StagePlan

Json = Mapping[str, object]
PROGRAM: Final = "yett"
OUTPUT: Final = re.compile(r"\{([A-Za-z0-9]+)\}")

KINDS: Final = {
    AuthorizationType.NONE: "open",
    AuthorizationType.AWS_IAM: "AWS_IAM",
    AuthorizationType.CUSTOM: "Lambda authorizer",
    AuthorizationType.COGNITO_USER_POOLS: "Cognito",
}


class Route(Struct, frozen=True, kw_only=True):
    """A method of a stage, who may call it, and a command that calls it."""

    method: str
    path: str
    kind: str
    command: str


def invoke_url(server_url: str, api_id: str, stage: str) -> str:
    """Where a stage is called: by the API's own host name if this machine resolves it, else by path."""
    scheme, _, rest = server_url.partition("://")
    port = rest.rpartition(":")[2]
    host = f"{api_id}.execute-api.localhost"
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return f"{server_url}/restapis/{api_id}/{stage}/_user_request_"
    return f"{scheme}://{host}:{port}/{stage}"


def find_program() -> str:
    """How a shell in this directory calls the program that runs: by its name where that is found, else by its path."""
    this = Path(sys.argv[0])
    found = shutil.which(PROGRAM)
    if this.name != PROGRAM or (found is not None and os.path.samefile(found, this)):
        return PROGRAM
    path = this.absolute()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def list_routes(
    plan: StagePlan, url: str, *, examples: Json, outputs: Mapping[str, str], program: str
) -> tuple[Route, ...]:
    """Every method of the stage, in the order of paths. *examples* is ``Metadata.Yett.Examples``: evidence by
    authorizer's name; *program* is how a shell calls yett.
    """
    methods = sorted(plan.methods, key=lambda each: (each.resource_path, each.http_method))
    return tuple(
        Route(
            method=method.http_method,
            path=method.resource_path,
            kind=_describe(method, plan),
            command=_command(method, url, _example(method.authorizer, examples, outputs), program),
        )
        for method in methods
        if method.http_method != "OPTIONS"
    )


def print_routes(title: str, routes: Sequence[Route], say: Callable[[str], None]) -> None:
    """The routes as a table, then one command for each kind of caller. No line is ever wrapped."""
    say("")
    say(title)
    methods = max((len(route.method) for route in routes), default=0)
    paths = max((len(route.path) for route in routes), default=0)
    for route in routes:
        say(f"  {route.method:<{methods}}  {route.path:<{paths}}  {click.style(route.kind, fg='cyan')}")
    shown: set[str] = set()
    for route in routes:
        if route.kind not in shown:
            shown.add(route.kind)
            say(click.style(f"    # {route.kind}", dim=True))
            say(f"    {route.command}")


def _describe(method: MethodPlan, plan: StagePlan) -> str:
    kind = KINDS[method.authorization_type]
    authorizer = method.authorizer
    if authorizer is not None:
        kind = f"{kind} {authorizer.name}"
        if method.scopes:
            kind += f" (scope {' or '.join(method.scopes)})"
        elif authorizer.type is not AuthorizerType.COGNITO_USER_POOLS:
            kind += f" ({authorizer.type.value})"
    return f"{kind}, resource policy" if plan.resource_policy is not None else kind


def _example(
    authorizer: AuthorizerPlan | None, examples: Json, outputs: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """The headers and query strings that the template suggests for an authorizer, its outputs filled in."""
    given = examples.get(authorizer.name) if authorizer is not None else None
    if not isinstance(given, Mapping):
        return {}
    return {
        place: {
            str(name): OUTPUT.sub(lambda found: outputs.get(found[1], found[0]), str(value))
            for name, value in pairs.items()
        }
        for place, pairs in given.items()
        if isinstance(pairs, Mapping)
    }


def _command(method: MethodPlan, url: str, example: Mapping[str, Mapping[str, str]], program: str) -> str:
    target = f"{url}{re.sub(r'{[^}]+}', '1', method.resource_path)}"
    if method.authorization_type is AuthorizationType.AWS_IAM:
        return " ".join([f"{program} curl", *_body(method), shlex.quote(target)])
    headers, query = _evidence(method, example, program)
    words = ["curl", *_body(method), *(f'-H "{name}: {value}"' for name, value in headers.items())]
    if query:
        target += f"?{urllib.parse.urlencode(query)}"
    return " ".join([*words, shlex.quote(target)])


def _body(method: MethodPlan) -> tuple[str, ...]:
    """What a command says of the method and the body that goes with it."""
    if method.http_method in {"GET", "ANY"}:
        return ()
    if method.http_method not in {"POST", "PUT", "PATCH"}:
        return (f"-X {method.http_method}",)
    return (f"-X {method.http_method}", '-H "Content-Type: application/json"', '-d \'{"name": "Rex"}\'')


def _evidence(
    method: MethodPlan, example: Mapping[str, Mapping[str, str]], program: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and query strings to send: the template's suggestion, else what can be had, else a placeholder."""
    suggested = example.get("Headers", {})
    headers = {name: value.replace("$(yett ", f"$({program} ") for name, value in suggested.items()}
    query = dict(example.get("QueryStrings", {}))
    authorizer = method.authorizer
    if authorizer is None or headers or query:
        return headers, query
    if authorizer.type is AuthorizerType.COGNITO_USER_POOLS:
        pool = min(authorizer.pool_arns).rpartition("/")[2]
        wanted = "".join(f" --scope {shlex.quote(scope)}" for scope in method.scopes[:1]) or " --reset-password"
        name = authorizer.sources[0].name if authorizer.sources else "authorization"
        return {name.title(): f"$({program} token get --user-pool {pool}{wanted})"}, {}
    for source in authorizer.sources:
        if source.place is Place.HEADER:
            headers[source.name.title()] = "..."
        elif source.place is Place.QUERY_STRING:
            query[source.name] = "..."
    return headers, query
