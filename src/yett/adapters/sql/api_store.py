"""REST APIs as documents: one for each API, deployment and stage."""

from collections.abc import Callable
from typing import Final

import msgspec

from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.ports.errors import Conflict
from yett.rules.apigateway.rest_api import Deployment, RestApi, Stage
from yett.rules.apigateway.stage import serve
from yett.rules.execute_api.deployment import DeployedApi, DeployedStage

API: Final = "apigateway.api"
DEPLOYMENT: Final = "apigateway.deployment"
STAGE: Final = "apigateway.stage"
ACCOUNT: Final = "apigateway.account"
POINTER: Final = "api"

encode: Final = msgspec.json.encode
read_api: Final = msgspec.json.Decoder(RestApi).decode
read_deployment: Final = msgspec.json.Decoder(Deployment).decode
read_stage: Final = msgspec.json.Decoder(Stage).decode


def scope(api_id: str, stage: str) -> str:
    """What moves when another thing is served."""
    return f"stage:{api_id}/{stage}"


class SqlApiStore:
    """The store of REST APIs on the database. See `ports/api_store.py` for what it promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- APIs

    async def add_api(self, api: RestApi) -> None:
        def work(tx: Transaction) -> None:
            tx.point(POINTER, api.id, api.account, api.region, api.id)
            tx.add(api.account, api.region, API, api.id, encode(api))

        await self._database.write(work)

    async def find_api(self, account: str, region: str, api_id: str) -> RestApi | None:
        body = await self._database.read(lambda tx: tx.find(account, region, API, api_id))
        return None if body is None else read_api(body)

    async def apis(self, account: str, region: str, *, after: str, limit: int) -> tuple[RestApi, ...]:
        rows = await self._database.read(lambda tx: tx.scan(account, region, API, after=after, limit=limit))
        return tuple(read_api(body) for _, body in rows)

    async def change_api(
        self, account: str, region: str, api_id: str, change: Callable[[RestApi], RestApi]
    ) -> RestApi | None:
        def work(tx: Transaction) -> RestApi | None:
            body = tx.find(account, region, API, api_id)
            if body is None:
                return None
            changed = change(read_api(body))
            tx.replace(account, region, API, api_id, encode(changed))
            return changed

        return await self._database.write(work)

    async def remove_api(self, account: str, region: str, api_id: str) -> bool:
        def work(tx: Transaction) -> bool:
            for kind in (STAGE, DEPLOYMENT):
                for key, _ in tx.scan(account, region, kind, prefix=f"{api_id}/"):
                    tx.remove(account, region, kind, key)
                    if kind == STAGE:
                        tx.touch(f"stage:{key}")
            if not tx.remove(account, region, API, api_id):
                return False
            tx.unpoint(POINTER, api_id)
            return True

        return await self._database.write(work)

    # -- deployments

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
        def work(tx: Transaction) -> Deployment | None:
            body = tx.find(account, region, API, api_id)
            if body is None:
                return None
            deployment = freeze(read_api(body))
            tx.add(account, region, DEPLOYMENT, f"{api_id}/{deployment.id}", encode(deployment))
            if stage_name is not None:
                key = f"{api_id}/{stage_name}"
                found = tx.find(account, region, STAGE, key)
                made = stage(None if found is None else read_stage(found), deployment)
                tx.put(account, region, STAGE, key, encode(made))
                tx.touch(scope(api_id, stage_name))
            return deployment

        return await self._database.write(work)

    async def find_deployment(self, account: str, region: str, api_id: str, deployment_id: str) -> Deployment | None:
        key = f"{api_id}/{deployment_id}"
        body = await self._database.read(lambda tx: tx.find(account, region, DEPLOYMENT, key))
        return None if body is None else read_deployment(body)

    async def deployments(self, account: str, region: str, api_id: str) -> tuple[Deployment, ...]:
        rows = await self._database.read(lambda tx: tx.scan(account, region, DEPLOYMENT, prefix=f"{api_id}/"))
        return tuple(read_deployment(body) for _, body in rows)

    async def change_deployment(
        self, account: str, region: str, api_id: str, deployment_id: str, change: Callable[[Deployment], Deployment]
    ) -> Deployment | None:
        key = f"{api_id}/{deployment_id}"

        def work(tx: Transaction) -> Deployment | None:
            body = tx.find(account, region, DEPLOYMENT, key)
            if body is None:
                return None
            changed = change(read_deployment(body))
            tx.replace(account, region, DEPLOYMENT, key, encode(changed))
            return changed

        return await self._database.write(work)

    async def remove_deployment(self, account: str, region: str, api_id: str, deployment_id: str) -> bool:
        def work(tx: Transaction) -> bool:
            for _, body in tx.scan(account, region, STAGE, prefix=f"{api_id}/"):
                if read_stage(body).deployment_id == deployment_id:
                    raise Conflict(f"deployment `{deployment_id}` is served")
            return tx.remove(account, region, DEPLOYMENT, f"{api_id}/{deployment_id}")

        return await self._database.write(work)

    # -- stages

    async def add_stage(self, account: str, region: str, stage: Stage) -> bool:
        def work(tx: Transaction) -> bool:
            if not has_deployment(tx, account, region, stage):
                return False
            tx.add(account, region, STAGE, f"{stage.api_id}/{stage.stage_name}", encode(stage))
            tx.touch(scope(stage.api_id, stage.stage_name))
            return True

        return await self._database.write(work)

    async def find_stage(self, account: str, region: str, api_id: str, name: str) -> Stage | None:
        body = await self._database.read(lambda tx: tx.find(account, region, STAGE, f"{api_id}/{name}"))
        return None if body is None else read_stage(body)

    async def stages(self, account: str, region: str, api_id: str) -> tuple[Stage, ...]:
        rows = await self._database.read(lambda tx: tx.scan(account, region, STAGE, prefix=f"{api_id}/"))
        return tuple(read_stage(body) for _, body in rows)

    async def change_stage(
        self, account: str, region: str, api_id: str, name: str, change: Callable[[Stage], Stage]
    ) -> Stage | None:
        key = f"{api_id}/{name}"

        def work(tx: Transaction) -> Stage | None:
            body = tx.find(account, region, STAGE, key)
            if body is None:
                return None
            changed = change(read_stage(body))
            if not has_deployment(tx, account, region, changed):
                raise Conflict(f"there is no deployment `{changed.deployment_id}`")
            tx.replace(account, region, STAGE, key, encode(changed))
            tx.touch(scope(api_id, name))
            return changed

        return await self._database.write(work)

    async def remove_stage(self, account: str, region: str, api_id: str, name: str) -> bool:
        def work(tx: Transaction) -> bool:
            removed = tx.remove(account, region, STAGE, f"{api_id}/{name}")
            if removed:
                tx.touch(scope(api_id, name))
            return removed

        return await self._database.write(work)

    # -- the account, and what is served

    async def find_log_role(self, account: str, region: str) -> str | None:
        body = await self._database.read(lambda tx: tx.find(account, region, ACCOUNT, "cloudwatchRoleArn"))
        return None if body is None else body.decode()

    async def put_log_role(self, account: str, region: str, role_arn: str | None) -> None:
        def work(tx: Transaction) -> None:
            if role_arn is None:
                tx.remove(account, region, ACCOUNT, "cloudwatchRoleArn")
            else:
                tx.put(account, region, ACCOUNT, "cloudwatchRoleArn", role_arn.encode())

        await self._database.write(work)

    async def find_served(self, api_id: str, stage: str) -> tuple[DeployedApi, DeployedStage] | None:
        def work(tx: Transaction) -> tuple[bytes, bytes] | None:
            pointer = tx.find_pointer(POINTER, api_id)
            if pointer is None:
                return None
            found = tx.find(pointer.account, pointer.region, STAGE, f"{api_id}/{stage}")
            if found is None:
                return None
            key = f"{api_id}/{read_stage(found).deployment_id}"
            deployment = tx.find(pointer.account, pointer.region, DEPLOYMENT, key)
            return None if deployment is None else (deployment, found)

        if "\0" in api_id or "\0" in stage:
            return None
        bodies = await self._database.read(work)
        if bodies is None:
            return None
        return read_deployment(bodies[0]).snapshot, serve(read_stage(bodies[1]))


def has_deployment(tx: Transaction, account: str, region: str, stage: Stage) -> bool:
    """Whether the deployment that the stage names is there."""
    return tx.find(account, region, DEPLOYMENT, f"{stage.api_id}/{stage.deployment_id}") is not None
