"""A caller of the apigateway service on a real store, without HTTP."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yett.adapters.plans import CompiledPlans
from yett.adapters.sql.api_store import SqlApiStore
from yett.adapters.sql.database import Database
from yett.adapters.sql.organization_store import SqlOrganizationStore
from yett.adapters.sql.sealing import Sealer
from yett.adapters.system import SystemRandomness
from yett.policy import CallerPolicies, Kind, NamedPolicy, compile_policies, parse_policy
from yett.ports.audit_trail import AuditEntry
from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.ports.settings import Settings
from yett.services.call import Call, ServiceError
from yett.services.perform import perform
from yett.values.identity import IamIdentity, PrincipalType
from yett.values.secret import Secret
from yett.wire import render_output, service_model

ACCOUNT, REGION = "123456789012", "us-east-1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:backend"
INVOCATION = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/us-east-1_AbCdEfGhI"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Trail:
    """Keeps entries in a list."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    async def record(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class Flushes:
    """Remembers which stages' answers were forgotten."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str, str]] = []

    async def flush(self, account: str, api_id: str, stage: str) -> None:
        self.stages.append((account, api_id, stage))


def caller(policy: Mapping[str, Any] = ALL, *, account: str = ACCOUNT) -> Caller:
    """An IAM user with one policy."""
    arn = f"arn:aws:iam::{account}:user/ann"
    document = parse_policy(policy, kind=Kind.IDENTITY)
    return Caller(
        identity=IamIdentity(
            account=account,
            arn=arn,
            user_id="AIDA",
            principal_type=PrincipalType.USER,
            access_key_id="AKIA",
            principal_arn=arn,
            user_name="ann",
        ),
        secret_access_key=Secret("s"),
        policies=CallerPolicies(
            identity=compile_policies((NamedPolicy("p", document),), actions=None),
            boundary=None,
            session=None,
            scp=(),
            rcp=(),
            is_root=False,
        ),
    )


class Gateway:
    """The service as a client meets it, and what it leads to."""

    def __init__(self, home: Path) -> None:
        self.database = Database.open(f"sqlite:///{home}/yett.db", sealer=Sealer(bytes(32)))
        self.store = SqlApiStore(self.database)
        self.plans = CompiledPlans(self.store, SqlOrganizationStore(self.database))
        self.database.on_commit(self.plans.forget)
        self.flushes = Flushes()
        self.trail = Trail()
        fields: dict[str, Any] = dict.fromkeys(Ports.__struct_fields__)
        self.ports = Ports(
            **fields
            | {
                "settings": Settings(),
                "randomness": SystemRandomness(),
                "api_store": self.store,
                "plans": self.plans,
                "authorizer_cache": self.flushes,
                "audit_trail": self.trail,
            }
        )

    async def __call__(self, operation: str, *, by: Caller | None = None, **params: Any) -> dict[str, Any]:
        """Perform an operation."""
        by = by or caller()
        call = Call(
            service="apigateway",
            operation=operation,
            caller=by,
            account=by.identity.account,
            region=REGION,
            now=NOW,
            request_id="r",
            source_ip="127.0.0.1",
            secure_transport=False,
            ports=self.ports,
        )
        answer = dict(await perform(call, params))
        render_output(service_model(call.service).operations[operation], answer, "r")
        return answer

    async def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        """Code and text of the refusal that an operation must give."""
        try:
            answer = await self(operation, **params)
        except ServiceError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused: {answer}")

    async def api_with_method(self, **method: Any) -> tuple[str, str]:
        """An API whose root has a GET of MOCK; its id and the root's."""
        api = await self("CreateRestApi", name="pets")
        place = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        await self("PutMethod", **place | {"authorizationType": "NONE"} | method)
        template = {"application/json": '{"statusCode": 200}'}
        await self("PutIntegration", **place, type="MOCK", requestTemplates=template)
        await self("PutIntegrationResponse", **place, statusCode="200")
        return api["id"], api["rootResourceId"]


__all__ = ["ACCOUNT", "ALL", "FUNCTION", "INVOCATION", "NOW", "POOL", "REGION", "Gateway", "caller"]
