"""What a worker is made of, and what it goes on doing while the database is away."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from botocore.exceptions import ClientError
from tests.databases import emptied, postgresql_url
from tests.sdk.making import Api, make_user, mock
from tests.sdk.running import RunningServer

__all__ = ["postgresql_url"]

ANYONE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def test_a_worker_has_neither_service_models_nor_pages_nor_the_means_to_migrate() -> None:
    script = "import sys, yett.server.worker, yett.server.function_host; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    unwanted = {"botocore", "boto3", "starlette", "alembic", "samtranslator", "moto", "yett.wire", "yett.control_plane"}
    assert not unwanted & set(loaded)


@contextmanager
def away(url: str) -> Iterator[None]:
    """The database refuses connections, and cuts off those that there are."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    admin.close()


@pytest.mark.parametrize("workers", [0, 1])
def test_with_the_database_away_warm_calls_go_on_and_nothing_cold_opens(
    tmp_path: Path, postgresql_url: str, workers: int
) -> None:
    url = emptied(postgresql_url)
    with RunningServer(tmp_path, database_url=url, workers=workers) as running:
        api = Api(running)
        api.method("/open", mock())
        api.method("/signed", mock(), authorizationType="AWS_IAM")
        api.deploy()
        api.client.create_stage(
            restApiId=api.id,
            stageName="cold",
            deploymentId=api.client.get_deployments(restApiId=api.id)["items"][0]["id"],
        )
        (_, warm), (_, cold) = make_user(running, ANYONE), make_user(running, ANYONE)
        assert running.call(api.id, "/prod/signed", signed_by=warm).status == 200
        with away(url):
            assert running.call(api.id, "/prod/open").status == 200
            assert running.call(api.id, "/prod/signed", signed_by=warm).status == 200
            assert running.call(api.id, "/prod/signed", signed_by=cold).status == 500
            assert running.call(api.id, "/cold/open").status == 500
            assert running.call(api.id, "/prod/signed").status == 403
            with pytest.raises(ClientError) as failed:
                running.client("iam").create_user(UserName="nobody")
            assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        assert running.call(api.id, "/prod/signed", signed_by=cold).status == 200
        assert running.call(api.id, "/cold/open").status == 200
        assert "nobody" not in [each["UserName"] for each in running.client("iam").list_users()["Users"]]


def test_last_uses_of_keys_reach_the_store_from_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yett.server.node.PATIENCE_SECONDS", 0.2)
    with RunningServer(tmp_path, workers=1) as running:
        api = Api(running)
        api.method("/signed", mock(), authorizationType="AWS_IAM")
        api.deploy()
        _, user = make_user(running, ANYONE)
        assert running.call(api.id, "/prod/signed", signed_by=user).status == 200
        running.run(reload(running))  # a worker that ends sends what it noted
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            used = running.client("iam").get_access_key_last_used(AccessKeyId=user.access_key)["AccessKeyLastUsed"]
            if used["ServiceName"] == "execute-api":
                return
            time.sleep(0.05)
        raise AssertionError(used)


async def reload(running: RunningServer) -> None:
    running.server.reload()
    await running.server.reloaded()
