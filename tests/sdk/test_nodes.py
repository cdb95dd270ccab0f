"""Two nodes on one PostgreSQL: what is done at one is so at the other, within a moment."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from tests.databases import emptied, postgresql_url
from tests.sdk.devices import user_with_device
from tests.sdk.making import Api, make_user, mock
from tests.sdk.running import RunningServer

__all__ = ["postgresql_url"]

ANYONE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
MASTER_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
Nodes = tuple[RunningServer, RunningServer]


@pytest.fixture(scope="module", params=[0, 1], ids=["one process each", "a worker each"])
def nodes(
    request: pytest.FixtureRequest, postgresql_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    url = emptied(postgresql_url)
    folder = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("YETT_ROOT_ACCESS_KEY_ID", "AKIAEXAMPLEOFNODES00")
        patch.setenv("YETT_ROOT_SECRET_ACCESS_KEY", "a-secret-of-both-nodes-that-nobody-guesses")
        started = []
        for name in ("one", "other"):
            patch.setenv("YETT_MASTER_KEY", MASTER_KEY)  # a server takes it out of its environment
            server = RunningServer(folder / name, database_url=url, workers=request.param)
            started.append(stack.enter_context(server))
        yield started[0], started[1]


def soon(happens: Callable[[], bool]) -> None:
    """A notice takes a millisecond; this waits long enough for a busy machine."""
    deadline = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def deployed(nodes: Nodes) -> Api:
    api = Api(nodes[0])
    api.method("/signed", mock(), authorizationType="AWS_IAM")
    api.deploy()
    return api


def test_a_key_that_is_deleted_at_one_is_worth_nothing_at_the_other(nodes: Nodes) -> None:
    one, other = nodes
    api = deployed(nodes)
    arn, user = make_user(one, ANYONE)
    soon(lambda: other.call(api.id, "/prod/signed", signed_by=user).status == 200)
    one.client("iam").delete_access_key(UserName=arn.rpartition("/")[2], AccessKeyId=user.access_key)
    soon(lambda: other.call(api.id, "/prod/signed", signed_by=user).status == 403)


def test_a_deployment_at_one_is_served_by_the_other(nodes: Nodes) -> None:
    one, other = nodes
    api = deployed(nodes)
    assert other.call(api.id, "/prod/later").status == 403
    later = Api.__new__(Api)
    later.client, later.id, later.root = api.client, api.id, api.root
    later.method("/later", mock())
    later.deploy()
    assert one.call(api.id, "/prod/later").status == 200
    soon(lambda: other.call(api.id, "/prod/later").status == 200)


def test_after_its_notices_were_cut_off_a_node_believes_nothing_it_held(nodes: Nodes, postgresql_url: str) -> None:
    one, other = nodes
    api = deployed(nodes)
    arn, user = make_user(one, ANYONE)
    soon(lambda: other.call(api.id, "/prod/signed", signed_by=user).status == 200)
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')"
        )
    one.client("iam").delete_user_policy(UserName=arn.rpartition("/")[2], PolicyName="inline")
    soon(lambda: other.call(api.id, "/prod/signed", signed_by=user).status == 403)


def test_a_code_of_a_device_opens_one_session_at_whichever_node_it_is_shown_first(nodes: Nodes) -> None:
    _, credentials, serial, telephone = user_with_device(nodes[0])
    clients = [node.client("sts", credentials) for node in nodes] * 4
    soon(lambda: may_call(clients[1]))
    code = telephone.code()

    def show(client: Any) -> bool:
        try:
            client.get_session_token(SerialNumber=serial, TokenCode=code)
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(len(clients)) as threads:
        assert sum(threads.map(show, clients)) == 1


def may_call(client: Any) -> bool:
    """Whether the node knows the caller by now."""
    try:
        return bool(client.get_caller_identity())
    except ClientError:
        return False


def test_what_one_node_refused_the_other_explains(nodes: Nodes) -> None:
    one, other = nodes
    arn, user = make_user(one)
    with pytest.raises(ClientError, match="AccessDenied") as refused:
        one.client("iam", user).list_users()
    message = refused.value.response["ResponseMetadata"]["HTTPHeaders"]["x-yett-authorization-message"]
    answer = other.client("sts").decode_authorization_message(EncodedMessage=message)
    assert json.loads(answer["DecodedMessage"])["context"]["principal"]["arn"] == arn
