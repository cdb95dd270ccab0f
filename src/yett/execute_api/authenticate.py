"""From evidence to identity, by the method's authorization type."""

from yett.execute_api.authenticators.cognito import CognitoAuthenticator
from yett.execute_api.authenticators.iam import authenticate_iam
from yett.execute_api.authenticators.lambda_authorizer import LambdaAuthenticator
from yett.ports.bundle import Ports
from yett.rules.execute_api.call import Authenticated, Screened, Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.values.identity import ANONYMOUS

NOBODY = Standing(identity=ANONYMOUS, established_by="the method asks for no authentication")


class Authenticators:
    """What remembers between calls: tokens verified, authorizer calls under way. One for each process."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._cognito = CognitoAuthenticator(ports)
        self._lambda = LambdaAuthenticator(ports)

    async def authenticate(self, screened: Screened) -> Authenticated:
        """Say who calls.

        Raises:
            GatewayError: The evidence is missing, forged, expired or not for this method; or an authorizer failed.
        """
        routed = screened.routed
        match routed.method.authorization_type:
            case AuthorizationType.NONE:
                standing = NOBODY
            case AuthorizationType.AWS_IAM:
                standing = await authenticate_iam(routed, self._ports)
            case AuthorizationType.CUSTOM:
                standing = await self._lambda.authenticate(routed)
            case AuthorizationType.COGNITO_USER_POOLS:
                standing = await self._cognito.authenticate(routed)
        return Authenticated(routed, standing)
