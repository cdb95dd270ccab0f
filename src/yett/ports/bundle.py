"""All the ports, as handed to a front door."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from yett.ports.access_logs import AccessLogs
    from yett.ports.api_store import ApiStore
    from yett.ports.audit_trail import AuditTrail
    from yett.ports.authorization_messages import AuthorizationMessages
    from yett.ports.callers import Callers
    from yett.ports.clock import Clock
    from yett.ports.credential_store import CredentialStore
    from yett.ports.dynamodb import DynamoDbBackend
    from yett.ports.function_runner import FunctionRunner
    from yett.ports.function_store import FunctionStore
    from yett.ports.functions import Functions
    from yett.ports.iam_store import IamStore
    from yett.ports.jwks import KeySets
    from yett.ports.messages import Messages
    from yett.ports.organization_store import OrganizationStore
    from yett.ports.passwords import Passwords
    from yett.ports.plans import Plans
    from yett.ports.randomness import Randomness
    from yett.ports.session_tokens import SessionTokens
    from yett.ports.settings import Settings
    from yett.ports.shared_state import AuthorizerCache
    from yett.ports.signing_keys import SigningKeys
    from yett.ports.stack_store import StackStore
    from yett.ports.tracing import Tracing
    from yett.ports.upstream import Upstream
    from yett.ports.user_pool_store import UserPoolStore
    from yett.ports.vouching import Vouching


class Ports(Struct, frozen=True, kw_only=True):
    """Every question that the product asks of the world, answered by the adapters that `server/parts.py` chose."""

    settings: "Settings"
    clock: "Clock"
    randomness: "Randomness"
    callers: "Callers"
    vouching: "Vouching"
    session_tokens: "SessionTokens"
    authorization_messages: "AuthorizationMessages"
    audit_trail: "AuditTrail"
    iam_store: "IamStore"
    credential_store: "CredentialStore"
    organization_store: "OrganizationStore"
    api_store: "ApiStore"
    plans: "Plans"
    function_store: "FunctionStore"
    functions: "Functions"
    function_runner: "FunctionRunner"
    user_pool_store: "UserPoolStore"
    passwords: "Passwords"
    signing_keys: "SigningKeys"
    messages: "Messages"
    key_sets: "KeySets"
    authorizer_cache: "AuthorizerCache"
    stack_store: "StackStore"
    upstream: "Upstream"
    dynamodb: "DynamoDbBackend"
    access_logs: "AccessLogs"
    tracing: "Tracing | None"  # None: nobody wants spans
