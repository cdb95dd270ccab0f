"""The reference pages, written from the tables that the code itself uses: `make docs`.

A test holds the committed pages to what this module gives, so that a table cannot change without its page.
"""

import ast
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click
from msgspec import Struct

from yett.cli.main import COMMANDS, yett
from yett.control_plane.dynamodb_resources import NOT_RELAYED, RELAYED
from yett.policy.condition.operators import OPERATORS
from yett.rules.execute_api import errors as gateway_errors
from yett.rules.execute_api import request_context as call_keys
from yett.rules.execute_api.errors import GatewayError, ResponseType
from yett.rules.execute_api.gateway_responses.rest import DEFAULT_STATUS
from yett.rules.sts.saml_attributes import KEYS as SAML_ATTRIBUTES
from yett.server import settings as server_settings
from yett.services.perform import SERVICES, table_of
from yett.services.permissions.row import Exempt, Permission
from yett.templates.resources.table import TYPES
from yett.templates.strictness import IGNORED_TYPES, TRANSFORMS
from yett.wire import service_model

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src" / "yett"
REFERENCE: Final = ROOT / "docs" / "reference"
README: Final = ROOT / "README.md"
NOTE: Final = "<!-- written by docs/generate.py: change the code's table, then `make docs` -->\n"
README_TABLE: Final = re.compile(r"(?<=<!-- generated: services -->\n).*?(?=<!-- end of generated -->)", re.DOTALL)

NAMES: Final = {
    "iam": "IAM",
    "sts": "STS",
    "organizations": "Organizations",
    "lambda": "Lambda",
    "apigateway": "API Gateway (REST APIs)",
    "cognito-idp": "Cognito user pools",
}


class Variable(Struct, frozen=True):
    """A row of the page of settings that no command-line option sets."""

    meaning: str
    default: str


S: Final = server_settings
VARIABLES: Final[Mapping[str, Variable]] = {
    "YETT_HOME": Variable(
        "The directory that holds everything: database, keys, credentials, function code, logs. Also `--home`.",
        f"`./{S.DEFAULT_HOME}`",
    ),
    "YETT_COMPILED": Variable(
        "`0` leaves the compiled twins of functions aside: the same answers, at more CPU.", "those that were built"
    ),
    "YETT_ACCOUNT": Variable(
        "The account that the server's own root user belongs to, twelve digits.", f"`{S.DEFAULT_ACCOUNT}`"
    ),
    "YETT_REGION": Variable("The Region that answers as the default one.", f"`{S.DEFAULT_REGION}`"),
    "YETT_DATABASE_URL": Variable(
        "Where documents are kept: an SQLAlchemy URL, `sqlite:///...` or `postgresql://...`.",
        "SQLite, `yett.db` in the home",
    ),
    "YETT_REDIS_URL": Variable(
        "A Redis or Valkey server that workers and nodes share authorizers' answers through: `redis://` or `rediss://`.",
        "none: each process keeps its own",
    ),
    "YETT_PUBLIC_URL": Variable(
        "The URL under which clients reach the server; issuers of user pools begin with it.", "the listener's"
    ),
    "YETT_COGNITO_ISSUER": Variable(
        "`aws` gives tokens AWS's own issuer (`https://cognito-idp.REGION.amazonaws.com/POOL`), `yett` the server's.",
        "`yett`",
    ),
    "YETT_DENIAL_WORDING": Variable(
        "`current` names the kind of policy that denied, as AWS does since 2025; `legacy` is the older text.",
        "`current`",
    ),
    "YETT_ECHO_CANONICAL_REQUEST": Variable(
        "`1` shows the canonical request and string to sign in the answer to a wrong signature, as AWS does; `0` not.",
        "`1`",
    ),
    "YETT_STRICT_SIGNED_HEADERS": Variable(
        "`1` refuses a request with an `x-amz-…` header that its signature does not cover, but for the date and the "
        "session token; `0` lets it pass, as API Gateway does with the token.",
        "`0`",
    ),
    "YETT_METRICS_TOKEN": Variable(
        "Opens `/_yett/metrics` to whoever sends it as `Authorization: Bearer …`, as Prometheus does; nothing else.",
        "none: a signature is needed",
    ),
    "YETT_ACCESS_LOG": Variable(
        "A file that gets a JSON object on a line for each call of any API; `/dev/stdout` is one too. Once it is "
        "moved away, a new one is begun.",
        "none",
    ),
    "YETT_DECISIONS_KEPT": Variable("How many calls of each API a process keeps for `yett explain`.", "`4096`"),
    "YETT_DECISIONS_ALLOWED_ONE_IN": Variable(
        "Of calls that were allowed, one in so many is kept; each that was refused is.", "`1`"
    ),
    "YETT_HOSTS": Variable(
        "Further host names to answer to, with commas between; `*.example.com` stands for one label more.",
        "none",
    ),
    "YETT_TRACES": Variable(
        "`otlp`: each call leaves an OpenTelemetry span, exported over HTTP as the standard variables `OTEL_…` say "
        "(`OTEL_EXPORTER_OTLP_ENDPOINT` for one). Wants `pip install 'yett[otel]'`.",
        "`none`",
    ),
    "YETT_TRUSTED_PROXIES": Variable(
        "Address ranges, with commas between, whose `X-Forwarded-For` is believed.", "none"
    ),
    "YETT_VPC_EDGES": Variable(
        "Those of the trusted proxies that say from which VPC a client comes, in `X-Yett-Source-Vpc` and "
        "`X-Yett-Source-Vpce`. They must write or drop both headers of every request themselves. A call that has one "
        "of them has `aws:SourceVpc`, `aws:SourceVpce` and `aws:VpcSourceIp`, and no `aws:SourceIp`.",
        "none",
    ),
    "YETT_ROOT_ACCESS_KEY_ID": Variable(
        "The root user's access key id; goes together with its secret.",
        "made at first start, kept in `credentials` in the home",
    ),
    "YETT_ROOT_SECRET_ACCESS_KEY": Variable("The root user's secret access key.", "as above"),
    "YETT_MASTER_KEY": Variable(
        "32 bytes in base64 that seal every secret at rest; with commas, older keys after it, which only open. It is "
        "taken out of the environment: no child sees it.",
        "made at first start, kept in the home (0600)",
    ),
    "YETT_ENDPOINT_DYNAMODB": Variable(
        "The endpoint that DynamoDB requests are relayed to once they are checked.", "an embedded, volatile DynamoDB"
    ),
}

# What policies may ask of whom: heading -> (module, function) whose dictionaries name the keys.
KEYS_BY_CODE: Final[tuple[tuple[str, str, str], ...]] = (
    ("Of every signed call to an AWS API", "services/iam/authorization.py", "context_of"),
    ("Of a signed call to an AWS API, by how it came", "services/iam/authorization.py", "network_keys"),
    ("Of the resource that an AWS API is asked about", "services/iam/authorization.py", "owner_keys"),
    ("Of a caller known to IAM, at APIs and AWS APIs alike", "policy/request.py", "principal_context"),
    ("Of `sts:AssumeRole`", "services/sts/assume_role.py", "*"),
    ("Of a session made by `sts:AssumeRoleWithSAML`, ever after", "rules/sts/saml.py", "session_keys"),
    ("Of an API that invokes a function", "execute_api/invocation.py", "*"),
)
MARKS: Final = {
    "UNCERTAIN": "Neither AWS's pages nor recorded answers say. One reading was taken, in the one place named.",
    "OBSERVED": "Not documented, or documented otherwise: taken from recorded answers of the service.",
}
KEY: Final = re.compile(r"(?:aws|sts|iam|saml|lambda|dynamodb|organizations|cognito-idp|apigateway):[A-Za-z_]+(?:/.*)?")


def main() -> None:
    """Write every page."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def pages() -> dict[Path, str]:
    """Every generated file and its text; the README among them, whose table alone is generated."""
    made = {REFERENCE / name: f"{NOTE}\n{write().rstrip()}\n" for name, write in PAGES.items()}
    return made | {README: README_TABLE.sub(lambda _: f"\n{services()}\n", README.read_text())}


# -- settings and commands


def settings() -> str:
    """The environment's variables. One that the code reads and the table lacks, or the reverse, is an error."""
    read = {found for path in SOURCE.rglob("*.py") for found in re.findall(r"YETT_[A-Z_]+[A-Z]", path.read_text())}
    if read != set(VARIABLES):
        raise LookupError(f"VARIABLES and the code differ: {', '.join(sorted(read ^ set(VARIABLES)))}")
    lines = ((f"`{name}`", row.meaning, row.default) for name, row in VARIABLES.items())
    return (
        "# Settings\n\nThe command line comes before the environment, the environment before the default. "
        "A value that cannot be used stops the start, with a text that says what would do.\n\n"
        f"{table(('variable', 'meaning', 'default'), lines)}\n\n"
        "The address is an option: `--host` (default `127.0.0.1`) and `--port` (default `4566`, 0 takes a free one).\n"
    )


def cli() -> str:
    """Every command with its help."""
    parts = [
        "# Commands\n\n"
        "Errors go to stderr, say what to do, and end with a non-zero exit code. Colours are for terminals, and for "
        "none where `NO_COLOR` is set.\n\n"
        '`eval "$(_YETT_COMPLETE=bash_source yett)"` has bash complete commands and options; `zsh_source` and '
        "`fish_source` are for those."
    ]
    for name in sorted(COMMANDS):
        command = yett.get_command(click.Context(yett, info_name="yett"), name)
        if command is None:
            raise LookupError(name)
        parts += list(describe_command(command, f"yett {name}"))
    return "\n\n".join(parts)


def describe_command(command: click.Command, name: str) -> Iterator[str]:
    """A command and those within it."""
    if isinstance(command, click.Group):
        parent = click.Context(command, info_name=name)
        for inner in sorted(command.list_commands(parent)):
            found = command.get_command(parent, inner)
            if found is not None:
                yield from describe_command(found, f"{name} {inner}")
        return
    context = click.Context(command, info_name=name, max_content_width=100, terminal_width=100)
    yield f"## `{name}`\n\n```text\n{command.get_help(context).strip()}\n```"


# -- what is AWS's


def services() -> str:
    """The README's table: for each service how many operations are offered, and of how many."""
    lines = []
    for service in SERVICES:
        offered, known = len(table_of(service).operations), len(service_model(service).operations)
        lines.append((NAMES[service], f"{offered} of {known}", "refused by name, each with its reason"))
    known = len(service_model("dynamodb").operations)
    relayed = len(set(RELAYED) & set(service_model("dynamodb").operations))
    lines.append(("DynamoDB", f"{relayed} of {known}, checked and relayed", "refused by name"))
    return table(("service", "operations offered", "the others"), lines)


def operations() -> str:
    """Every operation of every service: offered under which permission, or not, and why."""
    parts = [
        "# Operations\n\n"
        "Of the six services that yett plays, and of DynamoDB, which it guards and relays. An operation that "
        "is not offered answers `InvalidAction` (query protocol) or `UnsupportedOperationException`, with the reason "
        "below."
    ]
    for service in SERVICES:
        known, tables = service_model(service).operations, table_of(service)
        offered = ((f"`{name}`", permission(tables.permissions[name])) for name in sorted(tables.operations))
        others = {
            name: tables.not_offered.get(name, "not offered by yett") for name in set(known) - set(tables.operations)
        }
        parts.append(f"## {NAMES[service]}\n\n{table(('offered', 'permission'), offered)}\n\n{refused(others)}")
    known = service_model("dynamodb").operations
    relayed = ", ".join(f"`{name}`" for name in sorted(set(RELAYED) & set(known)))
    others = {name: NOT_RELAYED.get(name, "not relayed by yett") for name in set(known) - set(RELAYED)}
    parts.append(
        "## DynamoDB\n\nRelayed once signature and permission are checked, table by table: "
        f"{relayed}.\n\n{refused(others)}"
    )
    return "\n\n".join(parts)


def permission(row: Permission | Exempt) -> str:
    """What a caller needs, in words."""
    match row:
        case Exempt.UNSIGNED:
            return "none: it is not signed"
        case Exempt.ANY_CALLER:
            return "any valid signature"
        case Exempt.BY_OPERATION:
            return "weighed by the operation, with the policies that it reads"
        case Permission():
            passing = ", with `iam:PassRole`" if row.passes else ""
            return f"`{row.action}`{passing}"


def refused(reasons: Mapping[str, str]) -> str:
    """Operations that are not offered, by reason."""
    by_reason: dict[str, list[str]] = {}
    for name in sorted(reasons):
        by_reason.setdefault(reasons[name], []).append(f"`{name}`")
    lines = ((", ".join(names), reason) for reason, names in sorted(by_reason.items(), key=lambda item: item[1]))
    return table(("not offered", "why"), lines) if by_reason else "Nothing is left out."


def gateway_responses() -> str:
    """Each gateway response type: its default status, and the refusals that come as it."""
    classes = [
        each
        for each in vars(gateway_errors).values()
        if isinstance(each, type) and issubclass(each, GatewayError) and each is not GatewayError
    ]
    lines = []
    for kind in ResponseType:
        status = DEFAULT_STATUS[kind]
        given = [
            f"`{getattr(each, 'error_type', 'by fault')}`: {first_line(each)}"
            for each in classes
            if each.response_type is kind
        ]
        lines.append(
            (
                f"`{kind.value}`",
                "as it stands" if status is None else str(status),
                "<br>".join(given) or "never given yet",
            )
        )
    return (
        "# Gateway responses\n\n"
        "What a REST API answers in the integration's place. All types of the service's reference "
        "can be customized; those that nothing gives yet wait for the part that would (API keys, quotas, request "
        "validation).\n\n"
        f"{table(('type', 'status', '`x-amzn-ErrorType`, and when'), lines)}\n\n"
        "Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html\n"
    )


def first_line(thing: type) -> str:
    """The first sentence of a class's docstring."""
    return (thing.__doc__ or "").strip().splitlines()[0]


def condition_keys() -> str:
    """The keys that requests have, and the operators that compare them."""
    parts = [
        "# Condition keys and operators\n\n"
        "Names compare without case. A key that a request does not have is absent, as at "
        "AWS: most operators then do not match."
    ]
    for heading, keys_there in (
        ("Of every call to a deployed API", {*call_keys.KEYS, call_keys.MFA_AGE} - call_keys.VPC_KEYS.keys()),
        ("Of a call through a VPC endpoint, instead of `aws:SourceIp`", call_keys.VPC_KEYS.keys()),
    ):
        parts.append(f"## {heading}\n\n{bullets(sorted(keys_there))}")
    for heading, path, function in KEYS_BY_CODE:
        parts.append(f"## {heading}\n\n{bullets(sorted(keys_of(SOURCE / path, function), key=str.lower))}")
    of_saml = keys_of(SOURCE / "rules/sts/saml.py", "*").union(*SAML_ATTRIBUTES.values())
    parts.append(f"## Of `sts:AssumeRoleWithSAML`, beside those of `sts:AssumeRole`\n\n{bullets(sorted(of_saml))}")
    lines = []
    for service in SERVICES:
        for name, row in sorted(table_of(service).permissions.items()):
            if isinstance(row, Permission):
                keys = [*row.condition_keys, *(["aws:RequestTag/...", "aws:TagKeys"] if row.tags else [])]
                keys += ["aws:TagKeys"] if row.tag_keys else []
                keys += ["iam:PassedToService (for iam:PassRole)"] if row.passes else []
                if keys:
                    lines.append((f"`{service}:{name}`", ", ".join(f"`{key}`" for key in keys)))
    parts.append(f"## Of single operations\n\n{table(('operation', 'keys'), lines)}")
    names = bullets(sorted(OPERATORS))
    parts.append(
        f"## Operators\n\nEach also with `...IfExists` (but `Null`), `ForAllValues:` and `ForAnyValue:`.\n\n{names}"
    )
    return "\n\n".join(parts)


def keys_of(path: Path, function: str) -> set[str]:
    """The condition keys that a function's dictionaries have; `*` stands for all functions of the module."""
    tree: ast.AST = ast.parse(path.read_text())
    if function != "*":
        tree = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function)
    found: set[str] = set()
    for node in ast.walk(tree):
        keys: list[ast.expr | None] = []
        if isinstance(node, ast.Dict):
            keys = list(node.keys)
        elif isinstance(node, ast.Subscript):
            keys = [node.slice]
        elif isinstance(node, ast.GeneratorExp | ast.DictComp):
            keys = [node.elt.elts[0]] if isinstance(node, ast.GeneratorExp) and isinstance(node.elt, ast.Tuple) else []
            keys += [node.key] if isinstance(node, ast.DictComp) else []
        found |= {text for key in keys if key is not None and (text := key_text(key)) and KEY.fullmatch(text)}
    return found


def key_text(key: ast.expr) -> str | None:
    """A literal key; what is formatted into it becomes an ellipsis."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    if isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
        return f"{key.values[0].value}..."
    return None


def templates() -> str:
    """Every resource type: made, ignored; all others are refused."""
    lines = []
    for name, row in sorted(TYPES.items()):
        ignored = f" Ignored: {codes(row.ignores)}." if row.ignores else ""
        lines.append((f"`{name}`", f"{codes(row.reads)}.{ignored}"))
    ignored_lines = ((f"`{name}`", why) for name, why in sorted(IGNORED_TYPES.items()))
    return (
        "# Templates\n\n"
        "SAM templates are expanded by AWS's own translator; these are the types that are then made. A type or "
        "property that is in neither table stops the deployment, with its name and its line: nothing that bears on "
        "access is stored and not enforced.\n\n"
        f"Transforms: {codes(TRANSFORMS)}, and `AWS::Include` of a file of this machine (`Location: api.yaml`). "
        "Functions: `Ref`, `Condition`, and `Fn::` with `And`, `Base64`, `Cidr`, `Equals`, `FindInMap`, `ForEach`, "
        "`GetAtt`, `GetAZs`, `If`, `ImportValue`, `Join`, `Length`, `Not`, `Or`, `Select`, `Split`, `Sub`, "
        "`ToJsonString`, each within each. Macros, `Rules`, nested stacks and custom resources are refused. "
        "`DeletionPolicy` and `UpdateReplacePolicy` are `Delete`, `Retain` or `RetainExceptOnCreate`; nothing "
        "here can be snapshotted.\n\n"
        f"## Made\n\n{table(('type', 'properties'), lines)}\n\n"
        f"## Ignored, and said so once\n\n{table(('type', 'why nothing is lost'), ignored_lines)}\n"
    )


def limits() -> str:
    """Every constant of every `limits.py`, with its comment."""
    parts = ["# Limits\n\nEach is a named constant; the unit ends its name. Where AWS prints a bound, it is that one."]
    for path in sorted(SOURCE.rglob("limits.py")):
        room = path.relative_to(SOURCE).parent.as_posix()
        parts.append(f"## `{room}`\n\n{table(('constant', 'value', 'note'), constants(path))}")
    return "\n\n".join(parts)


def constants(path: Path) -> Iterator[tuple[str, str, str]]:
    """The constants of a module with their values and the comments on their lines."""
    text = path.read_text()
    lines = text.splitlines()
    module = importlib.import_module(".".join(("yett", *path.relative_to(SOURCE).with_suffix("").parts)))
    for node in ast.parse(text).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            comment = lines[node.lineno - 1].partition("  # ")[2] or comment_above(lines, node.lineno - 1)
            yield f"`{node.target.id}`", f"{getattr(module, node.target.id)}", comment


def comment_above(lines: list[str], index: int) -> str:
    """The comment that ends right above a line, less the sources in it."""
    start = index
    while start > 0 and lines[start - 1].startswith("# "):
        start -= 1
    told = [line.removeprefix("# ") for line in lines[start:index]]
    return " ".join(line for line in told if not line.startswith(("Source:", "https:")))


def uncertain() -> str:
    """Every comment that says what could not be learnt from AWS, and every one that rests on a recorded answer."""
    found: dict[str, list[tuple[str, str]]] = {word: [] for word in MARKS}
    for path in sorted(SOURCE.rglob("*.py")):
        for note in notes(path.read_text()):
            for word, lines in found.items():
                if word in note:
                    lines.append((f"`{path.relative_to(SOURCE)}`", note.replace(f"{word}: ", "").replace("``", "`")))
    parts = ["# What is uncertain, and what was observed"]
    for word, meaning in MARKS.items():
        parts.append(f"## {word.capitalize()}\n\n{meaning}\n\n{table(('module', 'note'), found[word])}")
    return "\n\n".join(parts)


def notes(text: str) -> Iterator[str]:
    """The comments of a module that carry a mark, each with its lines joined."""
    held: list[str] = []
    for line in [*text.splitlines(), ""]:
        code, hash_sign, comment = line.partition("# ")
        if not code.strip() and hash_sign:
            held.append(comment)
            continue
        yield from (note for note in [" ".join(held)] if is_marked(note))
        held = []
        if hash_sign and is_marked(comment):
            yield f"{code.strip()}: {comment}"


def is_marked(note: str) -> bool:
    """Whether a comment says where its knowledge ends or comes from."""
    return any(word in note for word in MARKS)


# -- Markdown


def table(heading: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """A table."""
    cells = [list(heading), *(list(line) for line in lines)]
    rows = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in cells]
    return "\n".join([rows[0], f"|{'---|' * len(cells[0])}", *rows[1:]])


def bullets(items: Iterable[str]) -> str:
    """A list of names."""
    return "\n".join(f"- `{item}`" for item in items)


def codes(names: Iterable[str]) -> str:
    """Names with commas between."""
    return ", ".join(f"`{name}`" for name in sorted(names))


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings,
    "cli.md": cli,
    "operations.md": operations,
    "gateway-responses.md": gateway_responses,
    "condition-keys.md": condition_keys,
    "templates.md": templates,
    "limits.md": limits,
    "uncertain.md": uncertain,
}


if __name__ == "__main__":
    main()
