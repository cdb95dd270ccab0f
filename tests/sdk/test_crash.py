"""The whole server is killed at random moments: what it had acknowledged is there when it starts again.

``YETT_CRASH_ROUNDS`` sets how often (continuous integration: 50), ``YETT_CRASH_SEED`` repeats a run.
"""

import json
import os
import random
import re
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tests.cli.conftest import TEMPLATE
from tests.cli.processes import UP, Process, environment_of, paste
from tests.databases import emptied, postgresql_url

__all__ = ["postgresql_url"]

ROUNDS = int(os.environ.get("YETT_CRASH_ROUNDS", "10"))
SEED = int(os.environ.get("YETT_CRASH_SEED", str(random.SystemRandom().randrange(10**9))))
NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, proxies={})
ROOT = {"YETT_ROOT_ACCESS_KEY_ID": "AKIACRASHCRASHCRASH", "YETT_ROOT_SECRET_ACCESS_KEY": "a-secret-of-this-test-alone"}
POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
INTEGRATION = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": '{"ok": true}'}}},
}
METHOD = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": INTEGRATION}
API = {"openapi": "3.0.1", "info": {"title": "mock", "version": "1"}, "paths": {"/": {"get": METHOD}}}


class Acknowledged:
    """What the server has said it did."""

    def __init__(self) -> None:
        self.users: list[str] = []  # with their policy
        self.stages: list[str] = []  # APIs, deployed
        self._more = threading.Condition()

    def note(self, kept: list[str], name: str) -> None:
        """One write more."""
        with self._more:
            kept.append(name)
            self._more.notify_all()

    def wait_for(self, count: int) -> None:
        """Until so many writes more were acknowledged."""
        with self._more:
            wanted = len(self.users) + len(self.stages) + count
            assert self._more.wait_for(lambda: len(self.users) + len(self.stages) >= wanted, timeout=180)


@contextmanager
def served(home: Path, database: dict[str, str]) -> Iterator[tuple[Process, str]]:
    """A server on the home, killed at the end."""
    process = Process("serve", "--port", "0", environment=environment_of(home, **ROOT, **database), cwd=home.parent)
    try:
        url = re.search(r"http://\S+", process.wait_for("in another shell"))
        assert url is not None
        yield process, url[0]
    finally:
        if process.is_running():
            process.end(signal.SIGKILL)


def client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ROOT["YETT_ROOT_ACCESS_KEY_ID"],
        aws_secret_access_key=ROOT["YETT_ROOT_SECRET_ACCESS_KEY"],
        config=NO_RETRIES,
    )


def write_users(url: str, acknowledged: Acknowledged, round_: int) -> None:
    iam = client("iam", url)
    for number in range(10_000):
        name = f"user-{round_}-{number}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="deny", PolicyDocument=json.dumps(POLICY))
        acknowledged.note(acknowledged.users, name)


def deploy_apis(url: str, acknowledged: Acknowledged, round_: int) -> None:
    apis = client("apigateway", url)
    for _ in range(10_000):
        api_id = apis.import_rest_api(body=json.dumps(API))["id"]
        apis.create_deployment(restApiId=api_id, stageName="prod")
        acknowledged.note(acknowledged.stages, api_id)


def until_it_is_gone(write: Callable[..., None], *arguments: object) -> None:
    try:
        write(*arguments)
    except (BotoCoreError, ClientError):
        return


def check(url: str, acknowledged: Acknowledged) -> None:
    """Everything acknowledged is there, and works."""
    iam = client("iam", url)
    present = {user["UserName"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]}
    assert set(acknowledged.users) <= present
    for name in acknowledged.users[-3:]:
        assert iam.list_user_policies(UserName=name)["PolicyNames"] == ["deny"]
    for api_id in acknowledged.stages[-10:]:
        with urllib.request.urlopen(f"{url}/restapis/{api_id}/prod/_user_request_/", timeout=30) as answer:
            assert json.load(answer) == {"ok": True}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """What an environment says of an empty database."""
    if request.param == "sqlite":
        return {}
    return {"YETT_DATABASE_URL": emptied(request.getfixturevalue("postgresql_url"))}


def test_no_acknowledged_write_is_lost_when_the_server_is_killed(tmp_path: Path, database: dict[str, str]) -> None:
    dice = random.Random(SEED)
    print("YETT_CRASH_SEED", SEED)
    acknowledged = Acknowledged()
    home = tmp_path / "home"
    for round_ in range(ROUNDS):
        with served(home, database) as (process, url):
            check(url, acknowledged)
            writers = [
                threading.Thread(target=until_it_is_gone, args=(write, url, acknowledged, round_))
                for write in (write_users, deploy_apis)
            ]
            for writer in writers:
                writer.start()
            acknowledged.wait_for(dice.randint(1, 12))
            process.end(signal.SIGKILL)
            for writer in writers:
                writer.join(180)
    with served(home, database) as (_, url):
        check(url, acknowledged)
    assert len(acknowledged.users) + len(acknowledged.stages) >= ROUNDS


def test_a_deployment_that_is_killed_is_finished_by_the_next(tmp_path: Path, database: dict[str, str]) -> None:
    dice = random.Random(SEED)
    print("YETT_CRASH_SEED", SEED)
    number = 0
    home = tmp_path / str(number)
    environment = environment_of(home, **database)
    for _ in range(ROUNDS):
        process = Process("up", TEMPLATE, "--port", "0", environment=environment, cwd=tmp_path)
        process.wait_for("deploying")
        is_up = reach(process, dice.randint(0, 5))
        process.end(signal.SIGKILL)
        if is_up:
            number += 1
            if database:
                emptied(database["YETT_DATABASE_URL"])
            home = tmp_path / str(number)
            environment = environment_of(home, **database)
    process = Process("up", TEMPLATE, "--port", "0", environment=environment, cwd=tmp_path)
    try:
        printed = process.wait_for(UP)
        command = re.search(r"# open\n +(curl .*)", printed)
        assert command is not None
        pasted = paste(command[1], environment=environment, cwd=tmp_path)
        assert '"/open"' in pasted.stdout, pasted.stderr
    finally:
        assert process.end() == 0, process.printed
    again = Process("up", TEMPLATE, "--port", "0", environment=environment, cwd=tmp_path)
    try:
        assert "nothing to change" in again.wait_for(UP)
    finally:
        again.end()


def reach(process: Process, steps: int) -> bool:
    """Wait until the deployment has done so many steps more; whether it was done before that."""
    return any(UP in process.wait_for("✓", UP) for _ in range(steps))
