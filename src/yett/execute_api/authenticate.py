"""From evidence to identity, by the method's authorization type."""

from typing import assert_never

from yett.execute_api.authenticators.cognito import CognitoAuthenticator
from yett.execute_api.authenticators.iam import authenticate_iam
from yett.execute_api.authenticators.lambda_authorizer import LambdaAuthenticator
from yett.ports.bundle import Ports
from yett.ports.callers import Caller
from yett.rules.execute_api.authorization_flow import AWS_IAM, COGNITO_USER_POOLS, CUSTOM, NONE
from yett.rules.execute_api.call import Authenticated, Routed, Screened, Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.errors import MissingAuthenticationToken
from yett.values.errors import Refusal
from yett.values.identity import ANONYMOUS

NOBODY = Standing(identity=ANONYMOUS, established_by="the method asks for no authentication")


class Authenticators:
    """What remembers between calls: tokens verified, authorizer calls under way. One for each process."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._cognito = CognitoAuthenticator(ports)
        self._lambda = LambdaAuthenticator(ports)

    def authenticate_nobody(self, screened: Screened) -> Authenticated | None:
        """Let anybody call whose method asks for no evidence; None where it asks for some."""
        routed = screened.routed
        return Authenticated(routed, NOBODY) if routed.question.method.authorization_type is NONE else None

    async def authenticate(self, screened: Screened) -> Authenticated:
        """Say who calls.

        Raises:
            GatewayError: The evidence is missing, forged, expired or not for this method; or an authorizer failed.
        """
        routed = screened.routed
        kind = routed.question.method.authorization_type
        if kind is NONE:
            standing = NOBODY
        elif kind is AWS_IAM:
            standing = await authenticate_iam(routed, self._ports)
        elif kind is CUSTOM:
            given = self._lambda.authenticate(routed)
            standing = given if isinstance(given, Standing) else await given
        elif kind is COGNITO_USER_POOLS:
            given = self._cognito.authenticate(routed)
            standing = given if isinstance(given, Standing) else await given
        else:
            assert_never(kind)
        return Authenticated(routed, standing)


class Unknown(Refusal):
    """Who would be found to call hangs on an authorizer that was not asked."""


class Presumption:
    """Authentication of a call that nobody makes: an IAM caller is taken at its word, everything else is verified.

    For simulations alone: what it gives never reaches a step that does something.
    """

    def __init__(self, ports: Ports, caller: Caller | None, *, invoke_authorizer: bool) -> None:
        self._cognito = CognitoAuthenticator(ports)
        self._lambda = LambdaAuthenticator(ports)
        self._caller = caller
        self._invoke_authorizer = invoke_authorizer

    async def authenticate(self, screened: Screened) -> Authenticated:
        """Say who would be found to call.

        Raises:
            GatewayError: As ``Authenticators``.
            Unknown: A Lambda authorizer would have to be asked, and may not be.
        """
        routed = screened.routed
        match routed.question.method.authorization_type:
            case AuthorizationType.NONE:
                standing = NOBODY
            case AuthorizationType.AWS_IAM:
                standing = presumed(self._caller)
            case AuthorizationType.CUSTOM:
                standing = await self._ask(routed)
            case AuthorizationType.COGNITO_USER_POOLS:
                given = self._cognito.authenticate(routed)
                standing = given if isinstance(given, Standing) else await given
        return Authenticated(routed, standing)

    async def _ask(self, routed: Routed) -> Standing:
        if self._invoke_authorizer:
            return await self._lambda.ask_afresh(routed)
        recalled = await self._lambda.recall(routed)
        if recalled is None:
            name = routed.method.authorizer.name if routed.method.authorizer is not None else ""
            raise Unknown(
                f"authorizer `{name}` decides, and has no answer cached for this evidence; it was not asked "
                "(--invoke-authorizer asks it)"
            )
        return recalled


def presumed(caller: Caller | None) -> Standing:
    """The standing of an IAM caller whose signature is taken to be good.

    Raises:
        MissingAuthenticationToken: There is none: an anonymous call bears no signature.
    """
    if caller is None:
        raise MissingAuthenticationToken("the request bears no signature")
    return Standing(
        identity=caller.identity,
        caller_policies=caller.policies,
        established_by="presumed: no signature was checked",
    )
