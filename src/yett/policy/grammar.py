"""JSON text to a policy, or a refusal that points at the fault.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from yett.policy.condition.operators import find_operator
from yett.policy.document import (
    CURRENT_VERSION,
    OLDEST_VERSION,
    SHORTHAND,
    ConditionEntry,
    Effect,
    Kind,
    Patterns,
    PolicyDocument,
    PrincipalElement,
    Statement,
)
from yett.policy.errors import Fault, MalformedPolicyDocument
from yett.policy.json_text import DuplicateMember, is_too_deep, load
from yett.policy.limits import AUTHORIZER_RESOURCE_CHARACTERS, DOCUMENT_CHARACTERS, NESTING_LEVELS
from yett.policy.principal import PRINCIPAL_TYPES, is_principal

# AWS's texts: spec 03, section 8.
SYNTAX: Final = "Syntax errors in policy."
# What IAM says of a few faults that its first grammar would have had words for (recorded in moto's tests).
LEGACY: Final = "The policy failed legacy parsing"
TRUST_JSON: Final = "This policy contains invalid Json"
API_GATEWAY: Final = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
AUTHORIZER: Final = "Invalid policy document"

IAM_KINDS: Final = frozenset({Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.TRUST, Kind.SCP, Kind.RCP})
PRINCIPAL_REQUIRED: Final = frozenset({Kind.RESOURCE, Kind.TRUST})
PRINCIPAL_FORBIDDEN: Final = frozenset({Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP, Kind.AUTHORIZER})
CURRENT_VERSION_REQUIRED: Final = frozenset({Kind.IDENTITY, Kind.BOUNDARY})
ID_FORBIDDEN: Final = frozenset({Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION})
DOCUMENT_MEMBERS: Final = frozenset({"Version", "Id", "Statement"})
STATEMENT_MEMBERS: Final = frozenset(
    {"Sid", "Principal", "NotPrincipal", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

_SID: Final = re.compile(r"[A-Za-z0-9]*")
_VENDOR: Final = re.compile(r"[A-Za-z0-9.-]+")
_PARTITION: Final = re.compile(r"aws(?:-[a-z]+)*|\*")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_FOREIGN_CHARACTER: Final = re.compile(r"[^\t\n\r\x20-\xff]")


_SAVED_DATE: Final = re.compile(
    r"-?[0-9]{1,19}(?:-[0-9]{1,2}){0,2}"
    r"(?:[Tt](?:[0-9]{1,2}(?::[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]{1,9})?)?)?)?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


class Problem(Struct, frozen=True):
    """One fault of a document: the kind of fault, where, in our words and in AWS's."""

    fault: Fault
    path: str
    detail: str
    reason: str


def parse_policy(text: str | bytes | Mapping[str, object], *, kind: Kind) -> PolicyDocument:
    """Read a policy that is about to be saved, or that an authorizer answered.

    *text* may be a JSON object already decoded, with strings, numbers, booleans, lists and mappings in it.

    Raises:
        MalformedPolicyDocument: It is no policy of this kind.
    """
    return _demand(*read_document(text, kind=kind, stored=False))


def parse_stored_policy(text: str | bytes | Mapping[str, object], *, kind: Kind) -> PolicyDocument:
    """Read a policy that was saved long ago: one older than today's rule that the Version be 2012-10-17 is still good.

    Raises:
        MalformedPolicyDocument: It is no policy of this kind.
    """
    return _demand(*read_document(text, kind=kind, stored=True))


def read_document(
    text: str | bytes | Mapping[str, object], *, kind: Kind, stored: bool
) -> tuple[PolicyDocument | None, tuple[Problem, ...]]:
    """The policy, or None; and everything that is wrong with it. Either there is a policy or there are problems."""
    reader = _Reader(kind, stored=stored)
    value = reader.decode(text)
    document = None if value is None else reader.document(value)
    return (None if reader.problems else document), tuple(reader.problems)


def _demand(document: PolicyDocument | None, problems: tuple[Problem, ...]) -> PolicyDocument:
    if document is None:
        first = problems[0]
        raise MalformedPolicyDocument(first.reason, fault=first.fault, detail=first.detail, path=first.path)
    return document


class _Reader:
    """Walks a document once and notes what is wrong; what it returns counts only when nothing is."""

    def __init__(self, kind: Kind, *, stored: bool) -> None:
        self.kind = kind
        self.stored = stored
        self.is_new_to_iam = kind in IAM_KINDS and not stored
        self.problems: list[Problem] = []

    def blame(self, fault: Fault, path: str, detail: str, reason: str = SYNTAX) -> None:
        """Note a fault. API Gateway and the authorizer have one text for all of them."""
        if self.kind is Kind.RESOURCE:
            reason = API_GATEWAY
        elif self.kind is Kind.AUTHORIZER:
            reason = AUTHORIZER
        self.problems.append(Problem(fault, path, detail, reason))

    def fail(self, fault: Fault, detail: str, reason: str = SYNTAX) -> Mapping[str, object] | None:
        """Note a fault behind which there is nothing to read."""
        self.blame(fault, "", detail, reason)
        return None

    def decode(self, text: str | bytes | Mapping[str, object]) -> Mapping[str, object] | None:
        """The JSON value; None after a fault."""
        if isinstance(text, Mapping):
            value: object = text
        else:
            if len(text) > DOCUMENT_CHARACTERS:
                return self.fail(Fault.TOO_LARGE, f"longer than {DOCUMENT_CHARACTERS} characters")
            try:
                text = text.decode() if isinstance(text, bytes) else text
                value = load(text)
            except DuplicateMember as duplicate:
                return self.fail(Fault.DUPLICATE_MEMBER, f"the member `{duplicate}` appears twice in one object")
            except (ValueError, RecursionError) as error:
                reason = TRUST_JSON if self.kind is Kind.TRUST else SYNTAX
                return self.fail(Fault.INVALID_JSON, f"not JSON: {_first_line(error)}", reason)
            if self.kind in IAM_KINDS and not self.stored and (found := _FOREIGN_CHARACTER.search(text)):
                self.blame(Fault.CHARACTERS, "", f"U+{ord(found[0]):04X} may not stand in a policy")
        if not isinstance(value, Mapping):
            return self.fail(Fault.TYPE, "a policy is an object")
        if is_too_deep(value):
            return self.fail(Fault.TYPE, f"nested deeper than {NESTING_LEVELS} levels")
        return value

    def document(self, value: Mapping[str, object]) -> PolicyDocument:
        """The whole policy."""
        self.members(value, DOCUMENT_MEMBERS, "")
        version = self.version(value)
        policy_id = value.get("Id")
        if policy_id is not None and (not isinstance(policy_id, str) or self.kind in ID_FORBIDDEN):
            self.blame(Fault.ID, "/Id", "an Id is a string, and has no place in an identity-based policy")
        raw = value.get("Statement")
        statements: list[Statement] = []
        if isinstance(raw, Mapping):
            statements.append(self.statement(raw, 0, "/Statement"))
        elif isinstance(raw, list | tuple) and raw:
            statements.extend(self.statement(item, index, f"/Statement/{index}") for index, item in enumerate(raw))
        elif isinstance(raw, list | tuple) and self.kind is Kind.AUTHORIZER:
            pass  # allows nothing
        else:
            self.blame(Fault.STATEMENT, "/Statement", "a policy has a statement, or a list of them")
        self.unique_sids(statements)
        return PolicyDocument(
            version=version, statements=tuple(statements), id=policy_id if isinstance(policy_id, str) else None
        )

    def members(self, value: Mapping[str, object], known: frozenset[str], path: str) -> None:
        """Note members that have no place here. The case of their names counts."""
        for name in value:
            if name not in known:
                self.blame(Fault.UNKNOWN_ELEMENT, f"{path}/{_escape(str(name))}", f"unknown element `{name}`")

    def version(self, value: Mapping[str, object]) -> str:
        version = value.get("Version", OLDEST_VERSION)
        if version not in (OLDEST_VERSION, CURRENT_VERSION):
            self.blame(Fault.VERSION, "/Version", f"a Version is `{CURRENT_VERSION}` or `{OLDEST_VERSION}`")
        elif version == OLDEST_VERSION and self.kind in CURRENT_VERSION_REQUIRED and not self.stored:
            reason = "Policy document must be version 2012-10-17 or greater."
            self.blame(Fault.VERSION, "/Version", f"the Version must be `{CURRENT_VERSION}`", reason)
        return str(version)

    def unique_sids(self, statements: list[Statement]) -> None:
        seen: set[str] = set()
        for statement in statements:
            if statement.sid and statement.sid in seen and self.kind in IAM_KINDS:
                reason = "Statement IDs (SID) in a single policy must be unique."
                path = f"{statement.pointer}/Sid"
                self.blame(Fault.DUPLICATE_SID, path, f"the Sid `{statement.sid}` appears twice", reason)
            seen.add(statement.sid or "")

    def statement(self, value: object, index: int, path: str) -> Statement:
        """One statement; with placeholders in it after a fault."""
        if not isinstance(value, Mapping):
            self.blame(Fault.STATEMENT, path, "a statement is an object")
            value = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
        self.members(value, STATEMENT_MEMBERS, path)
        return Statement(
            index=index,
            pointer=path,
            sid=self.sid(value, path),
            effect=self.effect(value, path),
            principal=self.principal(value, path),
            action=self.action(value, path),
            resource=self.resource(value, path),
            conditions=tuple(self.conditions(value.get("Condition", {}), f"{path}/Condition")),
        )

    def sid(self, value: Mapping[str, object], path: str) -> str | None:
        sid = value.get("Sid")
        if sid is None and "Sid" not in value:
            return None
        if not isinstance(sid, str):
            self.blame(Fault.SID, f"{path}/Sid", "a Sid is a string")
            return None
        if self.kind in IAM_KINDS and _SID.fullmatch(sid) is None:
            self.blame(Fault.SID, f"{path}/Sid", "a Sid is made of letters and digits")
        return sid

    def effect(self, value: Mapping[str, object], path: str) -> Effect:
        effect = value.get("Effect")
        if effect in (Effect.ALLOW.value, Effect.DENY.value):
            return Effect(str(effect))
        is_spelled_otherwise = isinstance(effect, str) and effect.lower() in ("allow", "deny")
        reason = LEGACY if is_spelled_otherwise and self.kind in IAM_KINDS else SYNTAX
        self.blame(Fault.EFFECT, f"{path}/Effect", "an Effect is `Allow` or `Deny`", reason)
        return Effect.DENY

    def either(self, value: Mapping[str, object], name: str, path: str) -> tuple[str, object] | None:
        """The member of a pair such as Action and NotAction that is there; None without one."""
        present = [member for member in (name, f"Not{name}") if member in value]
        if len(present) > 1:
            self.blame(Fault.BOTH_OF_A_PAIR, f"{path}/Not{name}", f"{name} and Not{name} exclude each other")
        return (present[0], value[present[0]]) if present else None

    def texts(self, value: object, path: str, fault: Fault) -> tuple[str, ...]:
        """A string, or a list of them."""
        items = value if isinstance(value, list | tuple) else (value,)
        good = tuple(item for item in items if isinstance(item, str))
        if len(good) != len(items):
            self.blame(fault, path, "expected a string or a list of strings")
        return good

    def principal(self, value: Mapping[str, object], path: str) -> PrincipalElement | None:
        member = self.either(value, "Principal", path)
        if member is None:
            if self.kind in PRINCIPAL_REQUIRED:
                detail = "the statement has no Principal"
                self.blame(Fault.MISSING_PRINCIPAL, path, detail, "Missing required field Principal")
            return None
        name, raw = member
        path = f"{path}/{name}"
        if self.kind in PRINCIPAL_FORBIDDEN:
            reason = "Policy document should not specify a principal."
            self.blame(Fault.PROHIBITED_PRINCIPAL, path, "this kind of policy has no Principal", reason)
            return None
        entries = tuple(self.principal_entries(raw, path))
        if self.kind is Kind.RCP and (entries not in ((("*", "*"),), (("AWS", "*"),)) or name != "Principal"):
            self.blame(Fault.PRINCIPAL, path, "the Principal of a resource control policy is `*`")
        return PrincipalElement(entries, negated=name == "NotPrincipal")

    def principal_entries(self, raw: object, path: str) -> Iterator[tuple[str, str]]:
        if raw == "*":
            yield "*", "*"
            return
        if not isinstance(raw, Mapping) or not raw:
            self.blame(Fault.PRINCIPAL, path, "a Principal is `*`, or an object of types and names")
            return
        for principal_type, values in raw.items():
            where = f"{path}/{_escape(str(principal_type))}"
            if principal_type not in PRINCIPAL_TYPES:
                self.blame(Fault.PRINCIPAL, where, f"`{principal_type}` is no type of principal")
                continue
            texts = self.texts(values, where, Fault.PRINCIPAL)
            if not texts:
                self.blame(Fault.PRINCIPAL, where, "no principal is named")
            for text in texts:
                if not is_principal(principal_type, text):
                    reason = f'Invalid principal in policy: "{principal_type}":"{text}"'
                    self.blame(Fault.PRINCIPAL, where, f"`{text}` names no principal", reason)
                yield principal_type, text

    def action(self, value: Mapping[str, object], path: str) -> Patterns:
        member = self.either(value, "Action", path)
        name, raw = member if member is not None else ("Action", ())
        texts = self.texts(raw, f"{path}/{name}", Fault.ACTION)
        if not texts:
            detail = "the statement has no action"
            self.blame(Fault.MISSING_ACTION, path, detail, "Policy statement must contain actions.")
        for text in texts:
            self.action_text(text, f"{path}/{name}")
        return Patterns(texts, negated=name == "NotAction")

    def action_text(self, text: str, path: str) -> None:
        if text == "*":
            return
        vendor, colon, action = text.partition(":")
        if not colon:
            reason = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            self.blame(Fault.ACTION, path, f"the action `{text}` has no service before it", reason)
        elif ":" in action:
            reason = "Actions/Condition can contain only one colon."
            self.blame(Fault.ACTION, path, f"the action `{text}` has more than one colon", reason)
        elif _VENDOR.fullmatch(vendor) is None:
            self.blame(Fault.ACTION, path, f"`{vendor}` is no service", f"Vendor {vendor} is not valid")
        elif not action:
            self.blame(Fault.ACTION, path, f"the action `{text}` has no name")
        elif self.kind is Kind.TRUST and vendor.lower() != "sts" and not self.stored:
            # UNCERTAIN: whether `*` and wildcards in STS's own actions are refused as well; they pass here.
            reason = "AssumeRole policy may only specify STS AssumeRole actions."
            self.blame(Fault.ACTION, path, f"`{text}` is no action of STS", reason)

    def resource(self, value: Mapping[str, object], path: str) -> Patterns | None:
        member = self.either(value, "Resource", path)
        if self.kind is Kind.TRUST:
            if member is not None:
                detail = "a trust policy has no resource"
                self.blame(Fault.PROHIBITED_RESOURCE, f"{path}/{member[0]}", detail, "Has prohibited field Resource.")
            return None
        name, raw = member if member is not None else ("Resource", ())
        texts = self.texts(raw, f"{path}/{name}", Fault.RESOURCE)
        # UNCERTAIN: an empty list in an authorizer's policy covers nothing; AWS's blueprints produce it.
        if not texts and (member is None or self.kind is not Kind.AUTHORIZER):
            detail = "the statement has no resource"
            self.blame(Fault.MISSING_RESOURCE, path, detail, "Policy statement must contain resources.")
        for text in texts:
            self.resource_text(text, f"{path}/{name}")
        return Patterns(texts, negated=name == "NotResource")

    def resource_text(self, text: str, path: str) -> None:
        if self.kind is Kind.AUTHORIZER:
            if len(text) > AUTHORIZER_RESOURCE_CHARACTERS:
                self.blame(Fault.RESOURCE, path, f"longer than {AUTHORIZER_RESOURCE_CHARACTERS} characters")
            return
        if text == "*" or (self.kind is Kind.RESOURCE and text.startswith(SHORTHAND)):
            return
        match text.split(":", 5):
            case ["arn", partition, vendor, *rest]:
                self.arn_text(text, path, partition=partition, vendor=vendor, rest=rest)
            case _:
                reason = f'Resource {text} must be in ARN format or "*".'
                self.blame(Fault.RESOURCE, path, f"`{text}` is neither an ARN nor `*`", reason)

    def arn_text(self, text: str, path: str, *, partition: str, vendor: str, rest: list[str]) -> None:
        """The parts of an ARN that have rules; *rest* is region, account and resource, or fewer of them."""
        region = rest[0] if len(rest) == 3 else ""
        if _PARTITION.fullmatch(partition) is None:
            reason = f'Partition "{partition}" is not valid for resource "{text}".'
            self.blame(Fault.RESOURCE, path, f"`{partition}` is no partition", reason)
        elif self.is_new_to_iam and (vendor == "" or ("::" in text and text.count(":") < 5)):
            self.blame(Fault.RESOURCE, path, "an ARN has six parts, and names a service", LEGACY)
        elif _VENDOR.fullmatch(vendor) is None:
            reason = "Resource vendor must be fully qualified and cannot contain regexes."
            self.blame(Fault.RESOURCE, path, f"`{vendor}` is no service", reason)
        elif vendor == "iam" and region not in {"", "*"}:
            reason = f"IAM resource {text} cannot contain region information."
            self.blame(Fault.RESOURCE, path, "IAM has no regions", reason)
        elif vendor == "s3" and region not in {"", "*"} and rest[1] == "":  # access points have an account
            reason = f"Resource {text} can not contain region information."
            self.blame(Fault.RESOURCE, path, "the ARN of a bucket has no region", reason)

    def conditions(self, value: object, path: str) -> Iterator[ConditionEntry]:
        if not isinstance(value, Mapping):
            self.blame(Fault.CONDITION, path, "a Condition is an object of operators")
            return
        for operator, keys in value.items():
            where = f"{path}/{_escape(str(operator))}"
            use = find_operator(operator) if isinstance(operator, str) else None
            if use is None:
                self.blame(Fault.CONDITION_OPERATOR, where, f"`{operator}` is no condition operator")
            elif not isinstance(keys, Mapping) or not keys:
                self.blame(Fault.CONDITION, where, "an operator has an object of condition keys")
            else:
                for key, values in keys.items():
                    texts = self.condition_values(values, f"{where}/{_escape(str(key))}")
                    if self.is_new_to_iam and use.operator.name.startswith("Date"):
                        self.dates(texts, f"{where}/{_escape(str(key))}")
                    yield ConditionEntry(operator, str(key), texts)

    def condition_values(self, value: object, path: str) -> tuple[str, ...]:
        items = value if isinstance(value, list | tuple) else (value,)
        texts = tuple(text for text in map(_value_text, items) if text is not None)
        if len(texts) != len(items):
            self.blame(Fault.CONDITION_VALUE, path, "a value is a string, a number or a boolean")
        return texts

    def dates(self, texts: tuple[str, ...], path: str) -> None:
        """IAM saves no date that has not the form of one; whether there is such a day it does not ask."""
        for text in texts:
            if _SAVED_DATE.fullmatch(text) is None:
                self.blame(Fault.CONDITION_VALUE, path, f"`{text}` is no date", LEGACY)


def _value_text(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case _:
            return None


def _escape(name: str) -> str:
    """One step of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
