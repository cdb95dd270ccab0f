"""What `yett up` shows when a template is up: each route, who may call it, and a command to try it with."""

import re
import shlex
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from yett.rules.execute_api.deployment import AuthorizationType, AuthorizerType
from yett.rules.execute_api.identity_source import Place
from yett.rules.execute_api.plan import AuthorizerPlan, MethodPlan, StagePlan

Json = Mapping[str, object]
OUTPUT: Final = re.compile(r"\{([A-Za-z0-9]+)\}")

KINDS: Final = {
    AuthorizationType.NONE: "open",
    AuthorizationType.AWS_IAM: "AWS_IAM",
    AuthorizationType.CUSTOM: "Lambda authorizer",
    AuthorizationType.COGNITO_USER_POOLS: "Cognito",
}


class Route(Struct, frozen=True, kw_only=True):
    """A method of a stage, where it is called, and a command that calls it."""

    url: str
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


def list_routes(plan: StagePlan, url: str, *, examples: Json, outputs: Mapping[str, str]) -> tuple[Route, ...]:
    """Every method of the stage, in the order of paths. *examples* is ``Metadata.Yett.Examples``: evidence by
    authorizer's name.
    """
    methods = sorted(plan.methods, key=lambda each: (each.resource_path, each.http_method))
    return tuple(
        Route(
            url=url,
            method=method.http_method,
            path=method.resource_path,
            kind=_describe(method, plan),
            command=_command(method, url, _example(method.authorizer, examples, outputs)),
        )
        for method in methods
        if method.http_method != "OPTIONS"
    )


def print_routes(console: Console, name: str, url: str, routes: Sequence[Route]) -> None:
    """The routes as a table, then one command for each kind of caller."""
    console.print(f"\n[bold]{name}[/bold]  {url}")
    table = Table(box=None, pad_edge=False, show_header=False)
    for route in routes:
        table.add_row(f"  {route.method}", route.path, f"[cyan]{route.kind}[/cyan]")
    console.print(table)
    console.print("  try, in another shell:")
    shown: set[str] = set()
    for route in routes:
        if route.kind not in shown:
            shown.add(route.kind)
            console.print(f"    # {route.kind}", style="dim", markup=False)
            console.print(f"    {route.command}", markup=False)


def _describe(method: MethodPlan, plan: StagePlan) -> str:
    kind = KINDS[method.authorization_type]
    if method.authorizer is not None:
        scopes = f", scope {' or '.join(method.scopes)}" if method.scopes else ""
        kind = f"{kind} {method.authorizer.name} ({method.authorizer.type.value}{scopes})"
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


def _command(method: MethodPlan, url: str, example: Mapping[str, Mapping[str, str]]) -> str:
    target = f"{url}{re.sub(r'{[^}]+}', '1', method.resource_path)}"
    if method.authorization_type is AuthorizationType.AWS_IAM:
        return f"{_verb('yett curl', method)} {shlex.quote(target)}"
    headers, query = _evidence(method, example)
    words = [_verb("curl", method), *(f'-H "{name}: {value}"' for name, value in headers.items())]
    if query:
        target += "?" + "&".join(f"{name}={value}" for name, value in query.items())
    return " ".join([*words, shlex.quote(target)])


def _verb(program: str, method: MethodPlan) -> str:
    if method.http_method in {"GET", "ANY"}:
        return program
    body = ' -d \'{"name": "Rex"}\'' if method.http_method in {"POST", "PUT", "PATCH"} else ""
    return f"{program} -X {method.http_method}{body}"


def _evidence(method: MethodPlan, example: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and query strings to send: the template's suggestion, else what can be had, else a placeholder."""
    headers, query = dict(example.get("Headers", {})), dict(example.get("QueryStrings", {}))
    authorizer = method.authorizer
    if authorizer is None or headers or query:
        return headers, query
    if authorizer.type is AuthorizerType.COGNITO_USER_POOLS:
        pool = min(authorizer.pool_arns).rpartition("/")[2]
        wanted = "".join(f" --scope {scope}" for scope in method.scopes[:1]) or " --reset-password"
        name = authorizer.sources[0].name if authorizer.sources else "authorization"
        return {name.title(): f"$(yett token get --user-pool {pool}{wanted})"}, {}
    for source in authorizer.sources:
        if source.place is Place.HEADER:
            headers[source.name.title()] = "..."
        elif source.place is Place.QUERY_STRING:
            query[source.name] = "..."
    return headers, query
