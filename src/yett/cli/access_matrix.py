"""`yett access-matrix`: routes by principals."""

import csv
import html
import io
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
import msgspec

from yett.cli.asking import ask
from yett.server.matrix_file import matrix_of, render

SHORT: Final = {
    "allow": "yes",
    "implicit_deny": "no",
    "explicit_deny": "DENY",
    "unauthenticated": "-",
    "needs_token": "token",
}
LEGEND: Final = (
    "yes: allowed; no: nothing allows it; DENY: something denies it; token: whoever brings one that the authorizer "
    "accepts; -: a signature is needed"
)
STYLE: Final = (
    "table{border-collapse:collapse;font:14px sans-serif}td,th{border:1px solid #bbb;padding:4px 8px;text-align:left}"
    ".allow{background:#d4f0d4}.implicit_deny{background:#f6dcdc}.explicit_deny{background:#eeb4b4}"
    ".needs_token{background:#fff3c4}.unauthenticated{background:#eee}"
)


@click.command("access-matrix")
@click.option("--api", help="The API's id or name.  [default: the only one]")
@click.option("--stage", help="The stage.  [default: the only one]")
@click.option("--source-ip", "addresses", multiple=True, help="An address that calls come from; repeat for more.")
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
@click.option("--html", "form", flag_value="html", help="As an HTML page.")
@click.option("--json", "form", flag_value="json", help="As a JSON object.")
@click.option("--yaml", "form", flag_value="yaml", help="As YAML, which `yett check` reads.")
def access_matrix(*, api: str | None, stage: str | None, addresses: tuple[str, ...], form: str | None) -> None:
    """Print who may call what: every route by every user and role, and by nobody in particular.

    Below a table: yes, no (nothing allows it), DENY (something denies it), token (whoever brings one that the
    authorizer accepts), - (a signature is needed).
    """
    matrix = ask("access-matrix", {"api": api, "stage": stage, "sourceIp": ",".join(addresses) or None})
    match form:
        case "csv":
            sys.stdout.write(as_csv(matrix))
        case "html":
            sys.stdout.write(as_html(matrix))
        case "json":
            sys.stdout.write(msgspec.json.encode(matrix).decode() + "\n")
        case "yaml":
            sys.stdout.write(render(matrix_of(matrix)))
        case _:
            columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            sys.stdout.write(as_text(matrix, columns=columns))


def callers_of(matrix: Mapping[str, Any]) -> list[str]:
    """The columns' headings; with addresses where there are several."""
    several = len({each["sourceIp"] for each in matrix["callers"]}) > 1
    return [each["principal"] + (f" {each['sourceIp']}" if several else "") for each in matrix["callers"]]


def as_text(matrix: Mapping[str, Any], *, columns: int | None = None) -> str:
    """A table; no line is wrapped. Where it would be wider than *columns*, numbers stand for the callers."""
    title, callers = f"{matrix['name']} ({matrix['api']}), stage {matrix['stage']}\n", callers_of(matrix)
    table = _table(matrix, callers)
    if columns is None or max(map(len, table.splitlines())) <= columns:
        return title + table
    numbers = [str(number) for number in range(1, len(callers) + 1)]
    legend = "".join(f"{number:>4}  {name}\n" for number, name in zip(numbers, callers, strict=True))
    return title + legend + _table(matrix, numbers)


def _table(matrix: Mapping[str, Any], headings: Sequence[str]) -> str:
    rows = [["", *headings]]
    rows += [
        [f"{route['method']} {route['path']}", *(SHORT.get(each, each) for each in route["outcomes"])]
        for route in matrix["routes"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def as_csv(matrix: Mapping[str, Any]) -> str:
    """Comma-separated values. A cell that a spreadsheet would take for a formula begins with a quote."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["method", "path", "authorization", *map(_harmless, callers_of(matrix))])
    for route in matrix["routes"]:
        writer.writerow([route["method"], _harmless(route["path"]), route["authorization"], *route["outcomes"]])
    return file.getvalue()


def as_html(matrix: Mapping[str, Any]) -> str:
    """A page of its own, without scripts."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("", *callers_of(matrix)))
    rows = "\n".join(
        f"<tr><th>{html.escape(route['method'])} {html.escape(route['path'])}</th>"
        + "".join(
            f'<td class="{html.escape(each)}">{html.escape(SHORT.get(each, each))}</td>' for each in route["outcomes"]
        )
        + "</tr>"
        for route in matrix["routes"]
    )
    title = html.escape(f"{matrix['name']} ({matrix['api']}), stage {matrix['stage']}")
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>\n'
        f"<h1>{title}</h1>\n<table>\n<tr>{head}</tr>\n{rows}\n</table>\n<p>{LEGEND}</p>\n</html>\n"
    )


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@" else text
