"""A call of an AWS operation: who calls, when, in which account and Region, with which ports."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from msgspec import Struct

from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.rules.sts.authorization_message import Denial
from yett.values.errors import Refusal
from yett.values.http import VpcOrigin

PARTITION = "aws"


class ServiceError(Refusal):
    """An operation refuses: ``code`` is one of its service model, or a common one; ``message`` is AWS's text."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        fields: Mapping[str, object] | None = None,
        denial: Denial | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status  # None: as the service model says, else 400
        self.fields = fields or {}  # further members of the modelled error
        self.denial = denial  # what policies were asked, where they refused


class Call(Struct, frozen=True, kw_only=True):
    """One call, as every operation receives it."""

    service: str  # as botocore names it: "iam", "apigateway", "cognito-idp"
    operation: str  # "CreateRole"
    caller: Caller | None  # None where the service model says that no signature is needed
    account: str  # whose resources: the caller's account, or that of the pool for unsigned operations
    region: str
    now: datetime
    request_id: str
    source_ip: str  # of a call through a VPC endpoint: the client's within the VPC
    secure_transport: bool
    user_agent: str = ""
    vpc_origin: VpcOrigin | None = None  # None: it did not come through a VPC endpoint
    ports: Ports

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a regional resource of this account."""
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """The ARN of an IAM resource of this account, which has no Region."""
        return f"arn:{PARTITION}:iam::{self.account}:{resource}"


Operation = Callable[[Call, Mapping[str, object]], Awaitable[Mapping[str, object]]]
