"""Where DynamoDB's tables are kept: a backend that yett guards but does not play."""

from typing import Protocol

from msgspec import Struct

from yett.ports.upstream import NetworkRule
from yett.values.secret import Secret


class BackendCredentials(Struct, frozen=True, kw_only=True):
    """What a forwarded request is signed with."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


class Backend(Struct, frozen=True, kw_only=True):
    """An endpoint that speaks DynamoDB's protocol, as one account of ours sees it."""

    scheme: str  # "http" or "https"
    host: str
    port: int
    credentials: BackendCredentials  # others for every account, so that the backend keeps accounts apart
    network_rule: NetworkRule


class DynamoDbBackend(Protocol):
    """The backend of `dynamodb`. Whoever relays to it has checked signature and permission: it checks neither itself.

    Two accounts, or two Regions of one, never see each other's tables.
    """

    async def backend(self, account: str) -> Backend:
        """Where to send the account's requests; starts the embedded backend if that is what is used and it is not up.

        Raises:
            Unavailable: It would not start, or cannot serve this account.
        """
        ...

    async def close(self) -> None:
        """Stop what was started."""
        ...
