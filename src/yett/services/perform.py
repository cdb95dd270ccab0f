"""The one way into an operation: check the input, find the permission, authorize, act, audit.

Nobody else imports a service's `operations.py`. A service's modules are loaded when it is first called, or all at once
by `check_tables` at start-up.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

from msgspec import Struct

from yett.policy import MalformedPolicyDocument
from yett.ports.audit_trail import ALLOWED, AuditEntry
from yett.ports.bundle import Ports
from yett.ports.errors import AlreadyExists, Conflict, Unavailable
from yett.rules.sts.restrictions import is_unknown_to_iam
from yett.services.call import Call, Operation, ServiceError
from yett.services.iam.authorization import ANY_RESOURCE, authorize, context_of, wording_of
from yett.services.permissions.row import DEFAULTS, Exempt, Permission, Row, values_at
from yett.values.errors import Refusal
from yett.wire import ConstraintsViolated, Protocol, check, service_model
from yett.wire import Operation as OperationModel

Params = Mapping[str, Any]
Resolver = Callable[[Call, Params], Awaitable[tuple[str, ...]]]
KeysResolver = Callable[[Call, Params], Awaitable[Mapping[str, tuple[str, ...]]]]
KeysOfResources = Callable[[Call, Params], Awaitable[Mapping[str, Mapping[str, tuple[str, ...]]]]]
PlaceResolver = Callable[[str, Params, Ports], Awaitable[tuple[str, str] | None]]

# The services that are played here, as botocore names them, with the name of their folder and permission table.
SERVICES: Final[Mapping[str, str]] = {
    "iam": "iam",
    "sts": "sts",
    "organizations": "organizations",
    "lambda": "lambda_",
    "apigateway": "apigateway",
    "cognito-idp": "cognito_idp",
}
# Data events, which AWS's own trail leaves out by default: recorded only when refused.
# Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
DATA_EVENTS: Final = frozenset({("lambda", "Invoke"), ("lambda", "InvokeAsync")})
RECORDED_RESOURCES: Final = 5  # of a call that names many; ours

# What a service answers to input that breaks a constraint of its model, where it is not its protocol's usual code.
# OBSERVED at Cognito: `InvalidParameterException` with the text `1 validation error detected: ...`.
# UNCERTAIN: Organizations' code; its model has no ValidationException.
CONSTRAINT_CODES: Final[Mapping[str, str]] = {
    "cognito-idp": "InvalidParameterException",
    "organizations": "InvalidInputException",
}
# What a service answers when two calls change the same thing at once.
CONFLICT_CODES: Final[Mapping[str, str]] = {
    "iam": "ConcurrentModification",
    "organizations": "ConcurrentModificationException",
    "lambda": "ResourceConflictException",
    "apigateway": "ConflictException",
    "cognito-idp": "ConcurrentModificationException",
}
MALFORMED_POLICY_CODES: Final[Mapping[str, str]] = {
    "iam": "MalformedPolicyDocument",
    "sts": "MalformedPolicyDocument",
    "organizations": "MalformedPolicyDocumentException",
    "lambda": "InvalidParameterValueException",
    "apigateway": "BadRequestException",
    "cognito-idp": "InvalidParameterException",
}
UNKNOWN_TO_IAM: Final = "The security token included in the request is invalid"  # OBSERVED: without a full stop
CONCURRENT_MODIFICATION: Final = "Unable to complete operation due to concurrent modification. Please try again later."


class TablesDisagree(Exception):
    """The tables of a service do not fit its model: yett does not start. The text names every fault."""


class Table(Struct, frozen=True, kw_only=True):
    """What is known of one service."""

    operations: Mapping[str, Operation]
    not_offered: Mapping[str, str]  # operation -> our reason
    permissions: Mapping[str, Row]
    resources: Mapping[str, Resolver] = {}  # operation -> ARNs that only the store knows
    resource_keys: KeysResolver | None = None  # condition keys that only the store knows: tags, boundaries
    keys_of_resources: KeysOfResources | None = None  # those that differ from resource to resource, by ARN
    place_of_unsigned: PlaceResolver | None = (
        None  # (operation, params, ports) -> account and Region, if it can be told
    )


@cache
def table_of(service: str) -> Table:
    """The tables of a service."""
    operations = import_module(f"yett.services.{SERVICES[service]}.operations")
    permissions = import_module(f"yett.services.permissions.{SERVICES[service]}")
    return Table(
        operations=operations.OPERATIONS,
        not_offered=operations.NOT_OFFERED,
        permissions=permissions.PERMISSIONS,
        resources=getattr(operations, "RESOURCES", {}),
        resource_keys=getattr(operations, "resource_keys", None),
        keys_of_resources=getattr(operations, "keys_of_resources", None),
        place_of_unsigned=getattr(operations, "place_of_unsigned", None),
    )


async def perform(call: Call, params: Params) -> Mapping[str, object]:
    """Do what the call asks, if its input is in order and its caller may; and write it down either way.

    The caller, if the operation needs one, was authenticated; the parameters are of the model's types.

    Returns:
        The members of the operation's output.

    Raises:
        ServiceError: The input, the policies or the operation refuse.
    """
    act = Act(call, params)
    outcome = "InternalFailure"
    try:
        result = await act.run()
        outcome = ALLOWED
        return result
    except ServiceError as error:
        outcome = error.code
        raise
    except (Refusal, Unavailable) as error:
        translated = translate(call, error)
        if translated is None:
            raise
        outcome = translated.code
        raise translated from error
    finally:
        if outcome != ALLOWED or (call.service, call.operation) not in DATA_EVENTS:
            await call.ports.audit_trail.record(act.entry(outcome))


class Act:
    """One call on its way: what is asked of policies becomes known step by step, and goes into the trail."""

    def __init__(self, call: Call, params: Params) -> None:
        self.call = call
        self.params = params
        self.action = f"{call.service}:{call.operation}"
        self.resources: tuple[str, ...] = ()

    async def run(self) -> Mapping[str, object]:
        """Check, authorize, act."""
        call = self.call
        if call.service == "iam" and call.caller is not None and is_unknown_to_iam(call.caller.identity):
            raise ServiceError("InvalidClientTokenId", UNKNOWN_TO_IAM, status=403)
        table = table_of(call.service)
        model = service_model(call.service).operations.get(call.operation)
        operation = table.operations.get(call.operation)
        if operation is None or model is None:
            raise not_offered(call, table)
        check_input(model, self.params)
        await self.authorize(table)
        return await operation(call, self.params)

    async def authorize(self, table: Table) -> None:
        """Ask the caller's policies for the row's action, and for all that comes with it.

        Raises:
            ServiceError: AccessDenied.
        """
        call, params = self.call, self.params
        row, resolver = table.permissions[call.operation], table.resources.get(call.operation)
        if isinstance(row, Exempt):
            if row is not Exempt.UNSIGNED and call.caller is None:
                raise ServiceError("AccessDenied", f"{self.action} needs a signature", status=403)
            return
        if call.caller is None:
            raise ServiceError("AccessDenied", f"{row.action} needs a signature", status=403)
        self.action = row.action
        if resolver is None:
            self.resources = row.resources(params, account=call.account, region=call.region)
        else:
            self.resources = await resolver(call, params)
        keys = row.context(params)
        if table.resource_keys is not None:
            keys = {**await table.resource_keys(call, params), **keys}
        own = {} if table.keys_of_resources is None else await table.keys_of_resources(call, params)
        context, wording = context_of(call, keys), wording_of(call)
        for resource in self.resources or (ANY_RESOURCE,):
            here = context_of(call, {**own[resource], **keys}) if resource in own else context
            authorize(call.caller, row.action, (resource,), here, wording)
        for member, further in row.also.items():
            if params.get(member):
                authorize(call.caller, further, self.resources, context, wording)
        for passed in row.passes:
            if roles := values_at(params, passed.member):
                passing = context_of(call, {"iam:PassedToService": (passed.service,)})
                authorize(call.caller, "iam:PassRole", roles, passing, wording)

    def entry(self, outcome: str) -> AuditEntry:
        """The line in the trail."""
        call = self.call
        return AuditEntry(
            request_id=call.request_id,
            at=call.now,
            account=call.account,
            principal="anonymous" if call.caller is None else call.caller.identity.arn,
            source_ip=call.source_ip,
            action=self.action,
            resource=" ".join(self.resources[:RECORDED_RESOURCES]) or "*",
            outcome=outcome,
            source_identity=None if call.caller is None else call.caller.identity.source_identity,
        )


def check_input(model: OperationModel, params: Params) -> None:
    """Refuse input that breaks a constraint of the model, under the code of its service.

    Raises:
        ServiceError
    """
    try:
        check(model.input, params)
    except ConstraintsViolated as error:
        usual = "ValidationError" if model.service.protocol is Protocol.QUERY else "ValidationException"
        raise ServiceError(CONSTRAINT_CODES.get(model.service.name, usual), str(error), status=400) from error


def not_offered(call: Call, table: Table) -> ServiceError:
    """The error for an operation that is not played here, with the reason where one was written down."""
    reason = table.not_offered.get(call.operation, "it is not offered by yett")
    is_query = service_model(call.service).protocol is Protocol.QUERY
    code = "InvalidAction" if is_query else "UnsupportedOperationException"
    return ServiceError(code, f"{call.service}:{call.operation} is not available: {reason}", status=400)


def translate(call: Call, error: Refusal | Unavailable) -> ServiceError | None:
    """What a refusal of a port or of a library is called at this service; None where operations must translate."""
    match error:
        case Conflict() | AlreadyExists() if call.service in CONFLICT_CODES:
            return ServiceError(CONFLICT_CODES[call.service], CONCURRENT_MODIFICATION)
        case MalformedPolicyDocument() if call.service in MALFORMED_POLICY_CODES:
            return ServiceError(MALFORMED_POLICY_CODES[call.service], error.reason)
        case Unavailable():
            return ServiceError("ServiceUnavailable", "Service is unavailable. Please try again later.", status=503)
        case _:
            return None


async def place_of_unsigned(service: str, operation: str, params: Params, ports: Ports) -> tuple[str, str]:
    """Account and Region of an unsigned call: its service can tell by a pool, client or role; else the default."""
    resolve = table_of(service).place_of_unsigned
    place = None if resolve is None else await resolve(operation, params, ports)
    return place or (ports.settings.account, ports.settings.region)


def check_tables() -> None:
    """Stop a start with tables that do not fit the models.

    Raises:
        TablesDisagree
    """
    faults = [f"{service}: {fault}" for service in SERVICES for fault in faults_of(service, table_of(service))]
    if faults:
        raise TablesDisagree("; ".join(faults))


def faults_of(service: str, table: Table) -> list[str]:
    """What is wrong with the tables of a service."""
    models = service_model(service).operations
    offered, rows = set(table.operations), set(table.permissions)
    faults = [
        f"`{name}` is not in the model" for name in sorted((offered | rows | set(table.not_offered)) - set(models))
    ]
    faults += [f"`{name}` has no permission row" for name in sorted(offered - rows)]
    faults += [f"`{name}` has a permission row but no operation" for name in sorted(rows - offered)]
    faults += [f"`{name}` is offered and not offered" for name in sorted(offered & set(table.not_offered))]
    faults += [f"`{name}` has a resource resolver but no operation" for name in sorted(set(table.resources) - offered)]
    for name in sorted(offered & rows & set(models)):
        faults += row_faults(models[name], table.permissions[name], is_resolved=name in table.resources)
    return faults


def row_faults(model: OperationModel, row: Row, *, is_resolved: bool) -> list[str]:
    """What is wrong with one row."""
    if isinstance(row, Exempt):
        is_unsigned = row is Exempt.UNSIGNED
        return (
            [f"`{model.name}` and its model disagree about a signature"] if is_unsigned == model.needs_signature else []
        )
    faults = []
    if not model.needs_signature:
        faults.append(f"`{model.name}` needs no signature and cannot have a permission")
    known = {} if model.input is None else model.input.members
    required = () if model.input is None else model.input.required
    if not is_resolved:
        missing = sorted(row.members() - set(required) - set(DEFAULTS))
        faults += [f"the resource of `{model.name}` names `{member}`, which is not required" for member in missing]
    named = [*row.also, *(passed.member for passed in row.passes)]
    named += [source for source in row.condition_keys.values() if isinstance(source, str)]
    named += [member for member in (row.tags, row.tag_keys) if member is not None]
    faults += [f"the row of `{model.name}` names no member `{m}`" for m in named if m.partition(".")[0] not in known]
    return faults


__all__ = ["SERVICES", "Permission", "TablesDisagree", "check_tables", "perform", "place_of_unsigned"]
