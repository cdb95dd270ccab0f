"""REST APIs, their deployments and stages."""

from collections.abc import Callable
from typing import Protocol

from yett.rules.apigateway.rest_api import Deployment, RestApi, Stage
from yett.rules.execute_api.deployment import DeployedApi, DeployedStage


class ApiStore(Protocol):
    """What the apigateway service keeps. Every method but ``find_served`` is told whose API it is and finds no other's.

    A *change* is a pure function of what is kept; it runs within the transaction, perhaps more than once, and what it
    raises undoes everything and comes through. A stage that is added, changed or removed moves the revision of
    ``stage:{api}/{stage}``; so does the removal of its API.
    """

    async def add_api(self, api: RestApi) -> None:
        """Keep a new API.

        Raises:
            AlreadyExists: Its id is taken, in whichever account.
        """
        ...

    async def find_api(self, account: str, region: str, api_id: str) -> RestApi | None: ...

    async def apis(self, account: str, region: str, *, after: str, limit: int) -> tuple[RestApi, ...]:
        """APIs whose id comes after *after*, in order of id."""
        ...

    async def change_api(
        self, account: str, region: str, api_id: str, change: Callable[[RestApi], RestApi]
    ) -> RestApi | None:
        """Replace the API by what *change* makes of it; None if there is none."""
        ...

    async def remove_api(self, account: str, region: str, api_id: str) -> bool:
        """Remove the API with its deployments and stages; whether there was one."""
        ...

    async def deploy(
        self,
        account: str,
        region: str,
        api_id: str,
        freeze: Callable[[RestApi], Deployment],
        *,
        stage_name: str | None,
        stage: Callable[[Stage | None, Deployment], Stage],
    ) -> Deployment | None:
        """Keep the deployment that *freeze* makes of the API as it is, and with a stage name what *stage* makes of the
        stage of that name, all at once; None if there is no such API."""
        ...

    async def find_deployment(
        self, account: str, region: str, api_id: str, deployment_id: str
    ) -> Deployment | None: ...

    async def deployments(self, account: str, region: str, api_id: str) -> tuple[Deployment, ...]: ...

    async def change_deployment(
        self, account: str, region: str, api_id: str, deployment_id: str, change: Callable[[Deployment], Deployment]
    ) -> Deployment | None: ...

    async def remove_deployment(self, account: str, region: str, api_id: str, deployment_id: str) -> bool:
        """Remove a deployment; whether there was one.

        Raises:
            Conflict: A stage serves it.
        """
        ...

    async def add_stage(self, account: str, region: str, stage: Stage) -> bool:
        """Keep a new stage; False if its deployment, or the API, is not there.

        Raises:
            AlreadyExists: The API has a stage of this name.
        """
        ...

    async def find_stage(self, account: str, region: str, api_id: str, name: str) -> Stage | None: ...

    async def stages(self, account: str, region: str, api_id: str) -> tuple[Stage, ...]: ...

    async def change_stage(
        self, account: str, region: str, api_id: str, name: str, change: Callable[[Stage], Stage]
    ) -> Stage | None:
        """Replace the stage by what *change* makes of it; None if there is none.

        Raises:
            Conflict: The deployment that it is to serve is not there.
        """
        ...

    async def remove_stage(self, account: str, region: str, api_id: str, name: str) -> bool: ...

    async def find_log_role(self, account: str, region: str) -> str | None:
        """The role ARN of UpdateAccount's ``cloudwatchRoleArn``."""
        ...

    async def put_log_role(self, account: str, region: str, role_arn: str | None) -> None: ...

    async def find_served(self, api_id: str, stage: str) -> tuple[DeployedApi, DeployedStage] | None:
        """What the stage of an API serves, whosever it is: for callers of the API, who know no account."""
        ...
