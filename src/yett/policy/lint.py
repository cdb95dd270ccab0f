"""Advice on a document: what is wrong with its grammar, and what is right but hardly meant."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from yett.policy.action import EXECUTE_API_ACTIONS
from yett.policy.condition import keys
from yett.policy.condition.operators import SetOperator, find_operator
from yett.policy.document import (
    CURRENT_VERSION,
    SHORTHAND,
    ConditionEntry,
    Effect,
    Kind,
    Patterns,
    PolicyDocument,
    PrincipalElement,
    Statement,
)
from yett.policy.grammar import read_document
from yett.policy.principal import read_names
from yett.policy.request import ANYONE
from yett.policy.wildcard import glob

EXECUTE_API: Final = "execute-api:"
# What stands in an ARN where an example says "region" and "account-id".
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]+")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_API_ID: Final = re.compile(r"[A-Za-z0-9]+")
METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"})
_PATH_PARAMETER: Final = re.compile(r"\{[^{}]+\}")

WEB_IDENTITY: Final = "sts:AssumeRoleWithWebIdentity"
_OIDC_PROVIDER: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/(.+)")
# Providers whose tokens anybody can get -> the claims that tell whose a token is: one of them has to be asked for, best
# the first. The `aud` of those of pipelines is what the pipeline's author writes there.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
# Source: https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
PUBLIC_PROVIDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts.google.com": ("aud", "oaud", "sub", "email"),
    "cognito-identity.amazonaws.com": ("aud", "sub"),
    "graph.facebook.com": ("app_id", "id"),
    "www.amazon.com": ("app_id", "user_id"),
    "token.actions.githubusercontent.com": (
        "sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "actor",
        "actor_id", "enterprise_id",
    ),
    "gitlab.com": ("sub",),
    "app.terraform.io": ("sub",),
}  # fmt: skip


class Severity(StrEnum):
    """An error makes the document invalid; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True):
    """One piece of advice."""

    severity: Severity
    code: str
    message: str
    path: str  # JSON pointer


def lint(text: str | bytes | Mapping[str, object], *, kind: Kind) -> tuple[Finding, ...]:
    """Everything there is to say about a document; it is valid unless there is an error among it."""
    document, problems = read_document(text, kind=kind, stored=False)
    if document is None:
        return tuple(
            Finding(Severity.ERROR, problem.fault.value, f"{problem.detail} (AWS: {problem.reason})", problem.path)
            for problem in problems
        )
    return tuple(_advise(document, kind))


def _warn(code: str, message: str, path: str) -> Finding:
    return Finding(Severity.WARNING, code, message, path)


def _advise(document: PolicyDocument, kind: Kind) -> Iterator[Finding]:
    for statement in document.statements:
        yield from _unknown_actions(statement)
        yield from _useless_resources(statement, kind)
        yield from _surprising_resources(statement)
        yield from _conditions(statement, document.version)
        yield from _unknown_keys(statement)
        yield from _open_to_all(statement, document.statements, kind)
        yield from _old_variables(statement, document.version)
        if kind is Kind.TRUST:
            yield from _tokens_of_anybody(statement, document.statements)
    yield from _dead_allows(document.statements)
    if kind is Kind.AUTHORIZER:
        yield from _wrong_once_cached(document.statements)


def _unknown_actions(statement: Statement) -> Iterator[Finding]:
    member = "NotAction" if statement.action.negated else "Action"
    for text in statement.action.values:
        known = any(glob(text.lower()).matches(action.lower()) for action in EXECUTE_API_ACTIONS)
        if text.lower().startswith(EXECUTE_API) and not known:
            message = f"`{text}` is no action of execute-api, which has {', '.join(EXECUTE_API_ACTIONS)}"
            yield _warn("UNKNOWN_ACTION", message, f"{statement.pointer}/{member}")


def _useless_resources(statement: Statement, kind: Kind) -> Iterator[Finding]:
    if statement.resource is None:
        return
    path = f"{statement.pointer}/{'NotResource' if statement.resource.negated else 'Resource'}"
    if not statement.resource.values:
        yield _warn("RESOURCE_MATCHES_NOTHING", "an empty list covers no resource", path)
    for text in statement.resource.values:
        reason = _why_nothing(text, kind)
        if reason is not None:
            yield _warn("RESOURCE_MATCHES_NOTHING", f"`{text}` can match nothing: {reason}", path)


def _why_nothing(text: str, kind: Kind) -> str | None:
    if text == "*":
        return None
    if text.startswith(SHORTHAND):
        if kind is not Kind.RESOURCE:
            return "the short form is for resource policies only"
        return _why_no_method(f"*/{text[len(SHORTHAND) :]}")
    match text.split(":", 5):
        case ["arn", _, "execute-api", region, account, resource]:
            return _why_nowhere(region, account, resource.partition("/")[0]) or _why_no_method(resource)
        case ["arn", _, _, *_]:
            return None if text.count(":") >= 5 or text.endswith("*") else "an ARN has six parts"
        case _:
            return "it is no ARN"


def _why_nowhere(region: str, account: str, api_id: str) -> str | None:
    """Why no API is there. Most often the placeholder of an example was left as it was."""
    if not _is_open(region) and _REGION.fullmatch(region) is None:
        return f"`{region}` is no Region"
    if not _is_open(account) and _ACCOUNT.fullmatch(account) is None:
        return f"`{account}` is no account id"
    if not _is_open(api_id) and _API_ID.fullmatch(api_id) is None:
        return f"`{api_id}` is no API id"
    return None


def _why_no_method(resource: str) -> str | None:
    """Why ``api/stage/METHOD/path`` is nothing that can be invoked. A wildcard may stand for anything behind it."""
    parts = resource.split("/", 3)
    opened = next((number for number, part in enumerate(parts) if number > 0 and _is_open(part)), len(parts))
    if _is_open(parts[-1]) and len(parts) == 1:
        return None
    if len(parts) == 1:
        return "the stage and the method are missing"
    if opened > 1 and parts[1] == "":
        return "the stage is empty"
    if len(parts) == 2:
        return None if opened == 1 else "the method is missing"
    method = parts[2]
    if opened <= 2 or method.startswith("$"):  # $connect and the like: routes of a WebSocket API
        return None
    if method not in METHODS:
        return None if len(parts) == 3 else f"`{method}` is no method"
    return f"`{method}` has no path behind it" if len(parts) == 3 else None


def _surprising_resources(statement: Statement) -> Iterator[Finding]:
    """ARNs that some call might have, but none that their author thought of."""
    if statement.resource is None:
        return
    path = f"{statement.pointer}/{'NotResource' if statement.resource.negated else 'Resource'}"
    for text in statement.resource.values:
        reason = _why_hardly(text)
        if reason is not None:
            yield _warn("RESOURCE_HARDLY_MATCHES", f"`{text}` matches hardly any call: {reason}", path)


def _why_hardly(text: str) -> str | None:
    """Why the calls that it matches are not those that were meant.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    """
    if text.startswith(SHORTHAND):
        resource = f"*/{text[len(SHORTHAND) :]}"
    elif text.split(":")[2:3] == ["execute-api"] and text.count(":") >= 5:
        resource = text.split(":", 5)[5]
    else:
        return None
    _, *parts = resource.split("/")
    parameter = next((part for part in parts if _PATH_PARAMETER.fullmatch(part)), None)
    if parameter is not None:
        return f"a call's ARN has what stands in its path, not the parameter's name; write `*` for `{parameter}`"
    if len(parts) > 1 and parts[-1] in METHODS and any(map(_is_open, parts[:-1])) and not METHODS & {*parts[:-1]}:
        return f"the wildcard runs on over slashes, up to a path that ends in `/{parts[-1]}`; write `{parts[-1]}/*`"
    return None


def _is_open(part: str) -> bool:
    return "*" in part or "?" in part or "${" in part


def _conditions(statement: Statement, version: str) -> Iterator[Finding]:
    for entry in statement.conditions:
        path = _path_of(statement, entry)
        use = find_operator(entry.operator)
        assert use is not None  # the grammar has seen to it
        if not entry.values:
            yield _warn("NO_CONDITION_VALUES", "no value is listed, so none matches", path)
        comparison = use.operator.comparison
        for text in entry.values:
            if comparison is None:
                readable = text.lower() in {"true", "false"}
            else:
                has_variable = comparison.takes_variables and version == CURRENT_VERSION and "${" in text
                readable = has_variable or comparison.read_expected((text,)) is not None
            if not readable:
                yield _warn("CONDITION_VALUE", f"`{text}` is no value for {use.operator.name}", path)
        for_all = use.set_operator is SetOperator.FOR_ALL_VALUES
        if for_all and statement.effect is Effect.ALLOW and not _demands_presence(statement, entry):
            message = f"ForAllValues allows a request without `{entry.key}`; add Null with `false` for this key"
            yield _warn("FOR_ALL_VALUES_WITH_ALLOW", message, path)


def _unknown_keys(statement: Statement) -> Iterator[Finding]:
    """Keys that no call of an API has; of other services' actions we do not know which they have."""
    about_execute_api = not statement.action.negated and all(
        text.lower().startswith(EXECUTE_API) for text in statement.action.values
    )
    for entry in statement.conditions:
        is_ours = about_execute_api or entry.key.lower().startswith(("aws:", EXECUTE_API)) or ":" not in entry.key
        if is_ours and not keys.is_known(entry.key):
            message = f"no request has the key `{entry.key}`"
            yield _warn("UNKNOWN_CONDITION_KEY", message, _path_of(statement, entry))


def _path_of(statement: Statement, entry: ConditionEntry) -> str:
    key = entry.key.replace("~", "~0").replace("/", "~1")
    return f"{statement.pointer}/Condition/{entry.operator}/{key}"


def _demands_presence(statement: Statement, entry: ConditionEntry) -> bool:
    return any(
        other.operator == "Null" and other.key.lower() == entry.key.lower() and other.values in (("false",), ("False",))
        for other in statement.conditions
    )


def _open_to_all(statement: Statement, statements: tuple[Statement, ...], kind: Kind) -> Iterator[Finding]:
    element = statement.principal
    if element is None or statement.effect is Effect.DENY or kind is Kind.RCP:
        return
    if element.negated:
        message = "Allow with NotPrincipal admits everybody who is not listed, anonymous callers included"
        yield _warn("ALLOW_NOT_PRINCIPAL", message, f"{statement.pointer}/NotPrincipal")
    elif ANYONE in read_names(element) and not statement.conditions and not _is_narrowed(statement, statements):
        message = "everybody is allowed, and no condition narrows it"
        yield _warn("PRINCIPAL_WITHOUT_CONDITION", message, f"{statement.pointer}/Principal")


def _tokens_of_anybody(statement: Statement, statements: tuple[Statement, ...]) -> Iterator[Finding]:
    """Roles for whoever has a token of a provider that gives one to everybody."""
    element = statement.principal
    if element is None or element.negated or statement.effect is Effect.DENY or _is_narrowed(statement, statements):
        return
    names_it = any(glob(text.lower()).matches(WEB_IDENTITY.lower()) for text in statement.action.values)
    if names_it is statement.action.negated:
        return
    asked = {entry.key.lower() for entry in statement.conditions if _narrows(entry)}
    for principal_type, value in element.entries:
        found = _OIDC_PROVIDER.fullmatch(value)
        provider = found[1] if found is not None else value
        claims = PUBLIC_PROVIDERS.get(provider, ()) if principal_type == "Federated" else ()
        if claims and asked.isdisjoint(f"{provider}:{claim}" for claim in claims):
            message = (
                f"`{provider}` gives anybody a token, and no condition on `{provider}:{claims[0]}` tells yours apart"
            )
            yield _warn("TOKEN_WITHOUT_CONDITION", message, f"{statement.pointer}/Principal/Federated")


def _narrows(entry: ConditionEntry) -> bool:
    """Whether the condition asks for certain values, of which none is every value."""
    use = find_operator(entry.operator)
    return (
        use is not None
        and use.operator.comparison is not None
        and not use.operator.negated
        and not (use.operator.name == "StringLike" and any(text.strip("*") == "" for text in entry.values))
    )


def _is_narrowed(allow: Statement, statements: tuple[Statement, ...]) -> bool:
    """Whether a Deny with a condition stands over all of the Allow, as AWS's examples have it for address ranges."""
    return any(each.effect is Effect.DENY and each.conditions and _covers(each, allow) for each in statements)


def _wrong_once_cached(statements: tuple[Statement, ...]) -> Iterator[Finding]:
    """An answer that is kept serves every method of the stage: one that allows a single method refuses the others.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """
    patterns = [
        (each.pointer, each.resource)
        for each in statements
        if each.effect is Effect.ALLOW and each.resource is not None
    ]
    values = {text for _, pattern in patterns for text in pattern.values}
    text = values.pop() if len(values) == 1 else ""
    is_method = text.split(":")[2:3] == ["execute-api"] and _why_nothing(text, Kind.AUTHORIZER) is None
    if is_method and not _is_open(text) and not any(pattern.negated for _, pattern in patterns):
        message = "this allows one method alone; while the answer is cached, every other one gets 403"
        yield _warn("WRONG_ONCE_CACHED", message, f"{patterns[0][0]}/Resource")


def _old_variables(statement: Statement, version: str) -> Iterator[Finding]:
    if version == CURRENT_VERSION:
        return
    texts = [(statement.resource.values if statement.resource else ()), *(e.values for e in statement.conditions)]
    if any("${" in text for values in texts for text in values):
        message = f"a variable is plain text unless the Version is {CURRENT_VERSION}"
        yield _warn("VARIABLE_IN_OLD_VERSION", message, statement.pointer)


def _dead_allows(statements: tuple[Statement, ...]) -> Iterator[Finding]:
    denies = [other for other in statements if other.effect is Effect.DENY and not other.conditions]
    for statement in statements:
        killer = next((deny for deny in denies if _covers(deny, statement)), None)
        if statement.effect is Effect.ALLOW and killer is not None:
            message = f"the Deny at {killer.pointer} covers all that this allows"
            yield _warn("ALLOW_IS_DEAD", message, statement.pointer)


def _covers(deny: Statement, allow: Statement) -> bool:
    return (
        _covers_principals(deny.principal, allow.principal)
        and _covers_patterns(deny.action, allow.action, fold=True)
        and (
            deny.resource is None
            or allow.resource is None
            or _covers_patterns(deny.resource, allow.resource, fold=False)
        )
    )


def _covers_principals(deny: PrincipalElement | None, allow: PrincipalElement | None) -> bool:
    if deny is None or allow is None:
        return deny is None and allow is None
    if deny.negated or allow.negated:
        return not deny.negated and ANYONE in read_names(deny)
    return ANYONE in read_names(deny) or read_names(allow) <= read_names(deny)


def _covers_patterns(deny: Patterns, allow: Patterns, *, fold: bool) -> bool:
    """Whether each pattern of the Allow is covered by one of the Deny; said only where it is certain."""
    if deny.negated or not allow.values:
        return False
    if "*" in deny.values:
        return True
    if allow.negated:
        return False
    texts = [text.lower() if fold else text for text in allow.values]
    # A star covers another star; a question mark might not, nor a variable.
    patterns = [glob(text.lower() if fold else text) for text in deny.values if "?" not in text and "${" not in text]
    return all(any(pattern.matches(text) for pattern in patterns) for text in texts)
