"""A control process with two workers and a function host: what they share, and what happens when one dies."""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from tests.redis_server import RedisServer, redis_server
from tests.sdk.making import Api, let_gateway_invoke, make_function, make_user, mock, package, proxy, unique
from tests.sdk.running import Answer, RunningServer

from yett.server.node import Node

__all__ = ["redis_server"]

ANYONE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
ALL_WORKERS = 24  # fresh connections: that one of two workers gets none of them happens once in 10^7 runs
COUNTING = """
import os, time
def handler(event, context):
    os.write(os.open({path!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND), b"x")
    time.sleep({seconds})
    return {answer}
"""
ALLOW = """{"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [
    {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}]}}"""
OK = '{"statusCode": 200, "body": "ok"}'
ECHO = """
def handler(event, context):
    return {"statusCode": 200, "body": event["body"]}
"""
INVOKER = "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("home"), workers=2) as server:
        yield server


def everywhere(call: Callable[[], Answer]) -> list[Answer]:
    """Call on so many connections that every worker answers some."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda _: call(), range(ALL_WORKERS)))


def statuses(call: Callable[[], Answer]) -> set[int]:
    return {answer.status for answer in everywhere(call)}


def signed_api(running: RunningServer) -> Api:
    api = Api(running)
    api.method("/signed", mock(), authorizationType="AWS_IAM")
    api.deploy()
    return api


def counting_function(running: RunningServer, path: Path, *, answer: str = OK, seconds: float = 0) -> str:
    return make_function(running, COUNTING.format(path=str(path), seconds=seconds, answer=answer))


def function_api(running: RunningServer, function_arn: str) -> Api:
    api = Api(running)
    api.method("/run", proxy(running, function_arn))
    api.deploy()
    let_gateway_invoke(running, function_arn, api)
    return api


# -- what is changed is seen by every worker's next call


def test_a_policy_a_key_and_a_user_that_go_open_nothing_at_any_worker(running: RunningServer) -> None:
    api = signed_api(running)
    iam = running.client("iam")
    arn, user = make_user(running, ANYONE)
    name = arn.rpartition("/")[2]

    def call() -> Answer:
        return running.call(api.id, "/prod/signed", signed_by=user)

    assert statuses(call) == {200}
    deny = {"Version": "2012-10-17", "Statement": [{**ANYONE, "Effect": "Deny"}]}
    iam.put_user_policy(UserName=name, PolicyName="deny", PolicyDocument=json.dumps(deny))
    assert statuses(call) == {403}
    iam.delete_user_policy(UserName=name, PolicyName="deny")
    assert statuses(call) == {200}
    iam.update_access_key(UserName=name, AccessKeyId=user.access_key, Status="Inactive")
    assert statuses(call) == {403}
    iam.update_access_key(UserName=name, AccessKeyId=user.access_key, Status="Active")
    assert statuses(call) == {200}
    iam.delete_access_key(UserName=name, AccessKeyId=user.access_key)
    assert statuses(call) == {403}


def test_who_loses_an_attached_policy_or_leaves_a_group_is_refused_by_every_worker(running: RunningServer) -> None:
    api = signed_api(running)
    iam = running.client("iam")
    arn, user = make_user(running)
    name, group = arn.rpartition("/")[2], unique("group")

    def call() -> Answer:
        return running.call(api.id, "/prod/signed", signed_by=user)

    assert statuses(call) == {403}
    iam.attach_user_policy(UserName=name, PolicyArn=INVOKER)
    assert statuses(call) == {200}
    iam.detach_user_policy(UserName=name, PolicyArn=INVOKER)
    assert statuses(call) == {403}
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=INVOKER)
    iam.add_user_to_group(GroupName=group, UserName=name)
    assert statuses(call) == {200}
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    assert statuses(call) == {403}
    iam.delete_user_permissions_boundary(UserName=name)
    assert statuses(call) == {200}
    iam.remove_user_from_group(GroupName=group, UserName=name)
    assert statuses(call) == {403}


def test_a_user_that_goes_takes_its_sessions_along(running: RunningServer) -> None:
    api = signed_api(running)
    iam = running.client("iam")
    arn, user = make_user(running, ANYONE)
    name = arn.rpartition("/")[2]
    made = running.client("sts", user).get_session_token()["Credentials"]
    session = type(user)(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    def call() -> Answer:
        return running.call(api.id, "/prod/signed", signed_by=session)

    assert statuses(call) == {200}
    iam.delete_user_policy(UserName=name, PolicyName="inline")
    iam.delete_access_key(UserName=name, AccessKeyId=user.access_key)
    iam.delete_user(UserName=name)
    assert statuses(call) == {403}


def test_a_role_that_goes_takes_its_sessions_along(running: RunningServer) -> None:
    api = signed_api(running)
    iam = running.client("iam")
    role = unique("role")
    trust = {"Effect": "Allow", "Principal": {"AWS": running.settings.account}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(
        RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ANYONE]})
    iam.put_role_policy(RoleName=role, PolicyName="invoke", PolicyDocument=policy)
    _, user = make_user(running, {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn})
    made = running.client("sts", user).assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    session = type(user)(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])

    def call() -> Answer:
        return running.call(api.id, "/prod/signed", signed_by=session)

    assert statuses(call) == {200}
    iam.delete_role_policy(RoleName=role, PolicyName="invoke")
    iam.delete_role(RoleName=role)
    assert statuses(call) == {403}


def test_a_deployment_and_a_removed_stage_are_seen_by_every_worker(running: RunningServer) -> None:
    api = Api(running)
    api.method("/one", mock())
    api.deploy()
    assert statuses(lambda: running.call(api.id, "/prod/one")) == {200}
    assert statuses(lambda: running.call(api.id, "/prod/two")) == {403}
    api.method("/two", mock())
    assert statuses(lambda: running.call(api.id, "/prod/two")) == {403}  # not deployed yet
    api.deploy()
    assert statuses(lambda: running.call(api.id, "/prod/two")) == {200}
    api.client.delete_stage(restApiId=api.id, stageName="prod")
    assert statuses(lambda: running.call(api.id, "/prod/one")) == {403}


def test_new_code_and_a_permission_that_goes_are_seen_by_every_worker(running: RunningServer, tmp_path: Path) -> None:
    function = counting_function(running, tmp_path / "runs")
    api = function_api(running, function)
    assert statuses(lambda: running.call(api.id, "/prod/run")) == {200}
    newer = COUNTING.format(path=str(tmp_path / "runs"), seconds=0, answer='{"statusCode": 201, "body": "new"}')
    running.client("lambda").update_function_code(FunctionName=function, ZipFile=package(newer))
    assert statuses(lambda: running.call(api.id, "/prod/run")) == {201}
    running.client("lambda").remove_permission(FunctionName=function, StatementId="gateway")
    assert statuses(lambda: running.call(api.id, "/prod/run")) == {500}


def test_one_evidence_asks_the_authorizer_once_for_all_workers_and_a_flush_reaches_them(
    running: RunningServer, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    function = counting_function(running, runs, answer=ALLOW, seconds=1)
    api = Api(running)
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="tokens",
        type="TOKEN",
        authorizerUri=proxy(running, function)["uri"],
        identitySource="method.request.header.Authorization",
        authorizerResultTtlInSeconds=300,
    )["id"]
    api.method("/", mock(), authorizationType="CUSTOM", authorizerId=authorizer)
    api.deploy()
    let_gateway_invoke(running, function, api)

    def call() -> Answer:
        return running.call(api.id, "/prod/", headers={"Authorization": "evidence"})

    with ThreadPoolExecutor(ALL_WORKERS) as threads:
        assert {answer.status for answer in threads.map(lambda _: call(), range(ALL_WORKERS))} == {200}
    assert runs.read_bytes() == b"x"
    assert statuses(call) == {200}
    assert runs.read_bytes() == b"x"
    api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="prod")
    with ThreadPoolExecutor(ALL_WORKERS) as threads:
        assert {answer.status for answer in threads.map(lambda _: call(), range(ALL_WORKERS))} == {200}
    assert runs.read_bytes() == b"xx"


def test_reserved_concurrency_is_counted_for_all_workers_together(running: RunningServer, tmp_path: Path) -> None:
    function = counting_function(running, tmp_path / "runs", seconds=1)
    api = function_api(running, function)
    running.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: running.call(api.id, "/prod/run"), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [502] * 7


def explained(running: RunningServer, answer: Answer) -> Any:
    url = f"{running.server.url}/_yett/api/decisions/{answer.headers['x-amzn-requestid']}"
    request = AWSRequest(method="GET", url=url)
    SigV4Auth(running.root, "apigateway", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("localhost", running.server.port, timeout=60)
    try:
        connection.request("GET", url.partition(str(running.server.port))[2], headers=dict(request.headers.items()))
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_administration_knows_what_every_worker_answered(running: RunningServer) -> None:
    api = signed_api(running)
    for answer in everywhere(lambda: running.call(api.id, "/prod/signed")):
        trace = explained(running, answer)
        assert (trace["api"], trace["outcome"]) == (api.id, "unauthenticated")


def test_what_would_allow_a_call_is_told_whichever_worker_refused_it(running: RunningServer, tmp_path: Path) -> None:
    """An authorizer's answer is known to the worker alone that was given it."""
    api = signed_api(running)
    deny = ALLOW.replace('"Allow"', '"Deny"')
    function = make_function(running, COUNTING.format(path=str(tmp_path / "asked"), seconds=0, answer=deny))
    authorizer = api.client.create_authorizer(
        restApiId=api.id,
        name="says no",
        type="TOKEN",
        authorizerUri=proxy(running, function)["uri"],
        identitySource="method.request.header.Authorization",
    )["id"]
    let_gateway_invoke(running, function, api)
    api.method("/guarded", mock(), authorizationType="CUSTOM", authorizerId=authorizer)
    api.deploy()
    for answer in everywhere(lambda: running.call(api.id, "/prod/guarded", headers={"Authorization": "a token"})):
        trace = explained(running, answer)
        assert (answer.status, trace["outcome"]) == (403, "explicit_deny")
        assert any("Deny" in each["text"] for each in trace["wouldAllow"])


# -- what dies is started again


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def node(running: RunningServer) -> Node:
    assert running.server.node is not None
    return running.server.node


def test_what_waits_for_a_worker_that_died_is_answered_by_its_successor(running: RunningServer) -> None:
    api = Api(running)
    api.method("/", mock())
    api.deploy()
    before = node(running).worker_pids
    for pid in before:
        kill(pid)
    assert statuses(lambda: running.call(api.id, "/prod/")) == {200}
    wait_until(lambda: node(running).is_ready)
    assert not set(before) & set(node(running).worker_pids)


def test_a_function_that_ran_when_its_host_died_is_unavailable_and_the_next_call_waits(
    running: RunningServer, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    api = function_api(running, counting_function(running, runs, seconds=2))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(running.call, api.id, "/prod/run")
        wait_until(runs.exists)
        host = node(running).function_host_pid
        assert host is not None
        kill(host)
        assert answer.result().status == 502
    assert running.call(api.id, "/prod/run").status == 200
    assert runs.read_bytes() == b"xx"
    assert node(running).function_host_pid not in (None, host)


def test_a_process_that_hangs_is_killed_and_replaced(running: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yett.server.places.PING_SECONDS", 0.05)
    monkeypatch.setattr("yett.server.places.SILENCE_SECONDS", 0.2)
    first = node(running).worker_pids[0]
    kill(first)  # so that the shorter times hold from its successor on
    wait_until(lambda: node(running).is_ready and first not in node(running).worker_pids)
    hanging = node(running).worker_pids[0]
    os.kill(hanging, signal.SIGSTOP)
    wait_until(lambda: node(running).is_ready and hanging not in node(running).worker_pids)


def test_no_request_is_lost_while_workers_are_replaced_under_load(
    running: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yett.server.node.PATIENCE_SECONDS", 1.0)  # for the idle connections of other tests
    function = make_function(running, ECHO)
    api = Api(running)
    api.method("/", mock())
    api.method("/run", proxy(running, function), verb="POST")
    api.deploy()
    let_gateway_invoke(running, function, api)
    before = node(running).worker_pids
    done = threading.Event()

    def client(number: int) -> list[int]:
        """Calls on one connection as long as the server keeps it, until the workers are others; then some more."""
        found: list[int] = []
        method, path = ("GET", "/prod/") if number % 2 else ("POST", "/prod/run")
        connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=60)
        more = 5
        while more:
            more -= done.is_set()
            sent = f"{number} {len(found)}".encode() * 1000 if method == "POST" else None
            connection.request(method, path, body=sent, headers={"Host": f"{api.id}.execute-api.localhost"})
            answer = connection.getresponse()
            assert (answer.read() == sent) is (sent is not None)
            found.append(answer.status)
            time.sleep(0.005)  # a bounded load: some hundred requests in all
        connection.close()
        return found

    async def reload() -> None:
        running.server.reload()
        await running.server.reloaded()

    with ThreadPoolExecutor(6) as threads:
        clients = [threads.submit(client, number) for number in range(6)]
        try:
            running.run(reload())
            running.run(reload())
        finally:
            done.set()
        answers = [status for each in clients for status in each.result()]
    assert len(answers) > 100
    assert set(answers) == {200}
    assert not set(before) & set(node(running).worker_pids)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stop_answers_what_is_in_hand(tmp_path: Path, workers: int) -> None:
    runs = tmp_path / "runs"
    with RunningServer(tmp_path / "home", workers=workers) as running:
        api = function_api(running, counting_function(running, runs, seconds=1))
        port = running.server.port
        with ThreadPoolExecutor(4) as threads:
            answers = [threads.submit(running.call, api.id, "/prod/run") for _ in range(4)]
            wait_until(lambda: runs.exists() and runs.read_bytes() == b"xxxx")
            running.run(running.server.stop())
            assert [answer.result().status for answer in answers] == [200] * 4
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
        del running.server


# -- when the control process dies, or the database


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in listed.read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_no_process_goes_on_without_the_control_process(tmp_path: Path) -> None:
    command = [
        Path(sys.executable).with_name("yett"),
        "serve",
        "--workers",
        "2",
        "--port",
        "0",
        "--home",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as control:
        assert control.stdout is not None
        assert "yett serves" in control.stdout.readline()
        found = children(control.pid)
        assert len(found) == 3
        watched = [os.pidfd_open(pid) for pid in found]
        control.kill()
        control.stdout.close()
    for descriptor in watched:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(20_000)
        os.close(descriptor)


def test_workers_share_answers_through_redis_and_its_death_opens_nothing(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    runs = tmp_path / "runs"
    with RunningServer(tmp_path / "home", workers=2, redis_url=redis_server.url) as running:
        function = counting_function(running, runs, answer=ALLOW)
        api = Api(running)
        authorizer = api.client.create_authorizer(
            restApiId=api.id,
            name="tokens",
            type="TOKEN",
            authorizerUri=proxy(running, function)["uri"],
            identitySource="method.request.header.Authorization",
            authorizerResultTtlInSeconds=300,
        )["id"]
        api.method("/", mock(), authorizationType="CUSTOM", authorizerId=authorizer)
        api.deploy()
        let_gateway_invoke(running, function, api)

        def call(token: str = "evidence") -> Answer:
            return running.call(api.id, "/prod/", headers={"Authorization": token})

        assert call().status == 200
        assert statuses(call) == {200}
        assert runs.read_bytes() == b"x"  # the second worker has it from Redis
        redis_server.stop()
        try:
            assert statuses(call) == {200}
            assert statuses(lambda: call("")) == {401}
            with pytest.raises(ClientError):
                api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="prod")
        finally:
            redis_server.start()
