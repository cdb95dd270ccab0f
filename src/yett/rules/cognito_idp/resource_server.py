"""Resource servers of a pool: the custom scopes that access tokens may carry."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from yett.rules.cognito_idp.app_client import STANDARD_SCOPES
from yett.rules.cognito_idp.errors import Fault, UserPoolRefused, invalid_parameter


class ResourceServer(Struct, frozen=True, kw_only=True):
    """One resource server: a token's scope is ``{identifier}/{scope name}``."""

    identifier: str
    name: str
    scopes: Mapping[str, str]  # scope name -> description

    def full_scopes(self) -> frozenset[str]:
        """Its scopes as tokens carry them."""
        return frozenset(f"{self.identifier}/{scope}" for scope in self.scopes)


def parse_resource_server(params: Mapping[str, Any]) -> ResourceServer:
    """A resource server from its operation's parameters.

    Raises:
        UserPoolRefused: Two scopes share a name.
    """
    given = params.get("Scopes", ())
    scopes = {scope["ScopeName"]: scope["ScopeDescription"] for scope in given}
    if len(scopes) != len(given):
        raise invalid_parameter("Scope names must be unique within a resource server.")
    return ResourceServer(identifier=params["Identifier"], name=params["Name"], scopes=scopes)


def render_resource_server(server: ResourceServer, pool_id: str) -> dict[str, object]:
    """A ``ResourceServerType``."""
    return {
        "UserPoolId": pool_id,
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": [{"ScopeName": name, "ScopeDescription": text} for name, text in server.scopes.items()],
    }


def check_scopes(scopes: Iterable[str], servers: Iterable[ResourceServer]) -> None:
    """Refuse scopes that no resource server of the pool has.

    Raises:
        UserPoolRefused: ScopeDoesNotExistException.
    """
    known = STANDARD_SCOPES.union(*(server.full_scopes() for server in servers))
    for scope in scopes:
        if scope not in known:
            raise UserPoolRefused(Fault.SCOPE_DOES_NOT_EXIST, f"Custom scope does not exist: {scope}.")
