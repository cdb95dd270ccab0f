"""A server's store is backed up, restored and sealed anew while clients work on it, from the command line."""

import base64
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text
from tests.databases import database_url, emptied, postgresql_url
from tests.sdk.devices import user_with_device
from tests.sdk.making import Api, let_gateway_invoke, make_function, make_user, mock, proxy, unique
from tests.sdk.running import RunningServer

from yett.adapters.sql import resealing
from yett.adapters.sql.sealing import VERSION, key_id
from yett.cli.main import yett

__all__ = ["database_url", "postgresql_url"]

PASSWORD = "Correct-horse-7"
PASSWORDS = ("Correct-horse-8", "Correct-horse-9")
SHOWS_ITS_ENVIRONMENT = """
import os
def handler(event, context):
    return {"statusCode": 200, "body": os.environ["HUSH"]}
"""


def run(home: Path, url: str | None, *arguments: str, master_key: str | None = None) -> Result:
    """A command on this home and database."""
    environment = {"YETT_HOME": str(home), "YETT_DATABASE_URL": url, "YETT_MASTER_KEY": master_key}
    return CliRunner(env=environment).invoke(yett, arguments)


class Things:
    """One of each thing that has secrets, on a server."""

    def __init__(self, running: RunningServer) -> None:
        self.function = make_function(running, SHOWS_ITS_ENVIRONMENT)
        running.client("lambda").update_function_configuration(
            FunctionName=self.function, Environment={"Variables": {"HUSH": "correct-horse"}}
        )
        self.api = Api(running)
        self.api.method("/hush", proxy(running, self.function))
        self.api.method("/health", mock(), authorizationType="AWS_IAM")
        self.api.deploy()
        let_gateway_invoke(running, self.function, self.api)
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        self.arn, self.user = make_user(running, statement)
        token = running.client("sts", self.user).get_session_token()["Credentials"]
        self.session = Credentials(token["AccessKeyId"], token["SecretAccessKey"], token["SessionToken"])
        self.holder, self.holder_keys, self.device, self.telephone = user_with_device(running, off=-20)
        running.client("iam").create_login_profile(UserName=self.holder, Password=PASSWORDS[0])
        self.changes = 0
        cognito = running.client("cognito-idp")
        self.pool = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
        self.client = cognito.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="web",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        )["UserPoolClient"]["ClientId"]
        self.secret = cognito.create_user_pool_client(UserPoolId=self.pool, ClientName="back", GenerateSecret=True)[
            "UserPoolClient"
        ]
        cognito.admin_create_user(UserPoolId=self.pool, Username="ann", MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=self.pool, Username="ann", Password=PASSWORD, Permanent=True)

    def check(self, running: RunningServer) -> None:
        """All of them are good."""
        assert running.call(self.api.id, "/prod/hush").body == b"correct-horse"
        assert running.call(self.api.id, "/prod/health", signed_by=self.user).status == 200
        assert running.call(self.api.id, "/prod/health", signed_by=self.session).status == 200
        self.changes += 1
        old, new = PASSWORDS[(self.changes - 1) % 2], PASSWORDS[self.changes % 2]
        running.client("iam", self.holder_keys).change_password(OldPassword=old, NewPassword=new)
        running.client("iam").resync_mfa_device(UserName=self.holder, SerialNumber=self.device, **self.telephone.pair())
        self.sign_in(running)
        cognito = running.client("cognito-idp")
        found = cognito.describe_user_pool_client(UserPoolId=self.pool, ClientId=self.secret["ClientId"])
        assert found["UserPoolClient"]["ClientSecret"] == self.secret["ClientSecret"]

    def sign_in(self, running: RunningServer) -> None:
        """The user of the pool signs in."""
        tokens = running.client("cognito-idp").admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=self.client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        )
        assert tokens["AuthenticationResult"]["IdToken"]


@contextmanager
def over_and_over(work: Callable[[], None]) -> Iterator[None]:
    """While somebody does this again and again, of which nothing may fail."""
    stops, begun, failures = threading.Event(), threading.Event(), []

    def repeat() -> None:
        try:
            while not stops.is_set():
                work()
                begun.set()
        except Exception as error:  # noqa: BLE001  # told to the test below
            failures.append(error)
            begun.set()

    thread = threading.Thread(target=repeat)
    thread.start()
    begun.wait(30)
    try:
        yield
    finally:
        stops.set()
        thread.join()
    assert failures == []


@contextmanager
def writing(running: RunningServer) -> Iterator[list[tuple[str, Credentials]]]:
    """While somebody makes users with keys, one after the other."""
    made: list[tuple[str, Credentials]] = []
    with over_and_over(lambda: made.append(make_user(running))):
        yield made


@contextmanager
def calling(running: RunningServer, things: Things) -> Iterator[list[int]]:
    """While callers of every kind call: with a key, with a session of before and a fresh one, and with a password."""
    statuses: list[int] = []

    def call() -> None:
        token = running.client("sts", things.user).get_session_token()["Credentials"]
        fresh = Credentials(token["AccessKeyId"], token["SecretAccessKey"], token["SessionToken"])
        for credentials in (things.user, things.session, fresh):
            statuses.append(running.call(things.api.id, "/prod/health", signed_by=credentials).status)
        things.sign_in(running)

    with over_and_over(call):
        yield statuses


def raw(url: str) -> bytes:
    """All documents as they lie in the database."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        bodies = [bytes(row[0]) for row in connection.execute(text("SELECT body FROM documents"))]
    engine.dispose()
    return b"\n".join(bodies)


def beginning(key: bytes) -> list[bytes]:
    """How records under the key begin, as they are and in base64."""
    plain = VERSION + key_id(key)
    return [plain, base64.b64encode(plain)]


def keys_of(home: Path) -> list[bytes]:
    return [base64.b64decode(line.split()[0]) for line in (home / "master.key").read_text().splitlines()]


def test_a_rotation_under_load_leaves_nothing_under_the_former_key_and_breaks_nobody(
    database_url: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with RunningServer(home, database_url=database_url) as running:
        things = Things(running)
        with writing(running) as made, calling(running, things) as statuses:
            before = keys_of(home)
            done = run(home, database_url, "rotate-key")
            assert (done.exit_code, done.stderr) == (0, ""), done.output
            so_far = len(made)
        assert set(statuses) == {200}
        now, former = keys_of(home)
        assert ([former], now != former) == (before, True)
        everything = raw(database_url)
        assert not any(each in everything for each in beginning(former))
        assert any(each in everything for each in beginning(now))
        things.check(running)
        for arn, credentials in made:
            assert running.client("sts", credentials).get_caller_identity()["Arn"] == arn
        assert 0 < so_far <= len(made)
    with RunningServer(home, database_url=database_url) as running:
        things.check(running)
    assert run(home, database_url, "rotate-key", "--forget").exit_code == 0
    assert len(keys_of(home)) == 1
    with RunningServer(home, database_url=database_url) as running:
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            running.client("sts", things.session).get_caller_identity()
        assert running.client("sts", things.user).get_caller_identity()["Arn"] == things.arn


def test_a_rotation_that_is_cut_off_harms_nobody_and_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    url = f"sqlite:///{home / 'yett.db'}"
    with RunningServer(home) as running:
        things = Things(running)
        (first,) = keys_of(home)
        whole, done = resealing.reseal_all, []

        def reseal_all(tx: Any, places: list[Any], *rest: Any) -> int:
            if done:
                raise KeyboardInterrupt
            done.append(places)
            return whole(tx, places[:2], *rest)

        with monkeypatch.context() as patched:
            patched.setattr(resealing, "PAGE", 3)
            patched.setattr(resealing, "reseal_all", reseal_all)
            assert run(home, None, "rotate-key").exit_code != 0
        everything = raw(url)
        assert all(any(each in everything for each in beginning(key)) for key in keys_of(home))
        things.check(running)
        assert run(home, None, "rotate-key").exit_code == 0
        older = keys_of(home)[1:]
        assert (len(older), older[-1]) == (2, first)
        everything = raw(url)
        assert not any(each in everything for key in older for each in beginning(key))
        things.check(running)


def test_a_backup_under_load_is_one_moment_and_comes_back_whole_in_another_place(
    database_url: str, tmp_path: Path
) -> None:
    home, other, file = tmp_path / "home", tmp_path / "other", tmp_path / "yett.backup"
    with RunningServer(home, database_url=database_url) as running:
        things = Things(running)
        with writing(running) as made:
            done = run(home, database_url, "backup", str(file))
            assert done.exit_code == 0, done.output
            known = list(made[:1])
    assert "master key is not in it" in done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"correct-horse" not in file.read_bytes()
    other.mkdir()
    shutil.copy(home / "master.key", other / "master.key")
    restored = run(other, None, "restore", str(file))
    assert restored.exit_code == 0, restored.output
    assert "root's credentials" in restored.output
    assert (other / "credentials").read_text() == (home / "credentials").read_text()
    with RunningServer(other) as running:
        things.check(running)
        for arn, credentials in known:
            assert running.client("sts", credentials).get_caller_identity()["Arn"] == arn
        # A user of the backup is whole, with its key, or not in it at all.
        users = running.client("iam").list_users()["Users"]
        assert len(users) >= len(known)
        assert "EntityAlreadyExists" in error_of(running, "iam", "create_user", UserName=things.arn.rpartition("/")[2])


def test_a_backup_from_sqlite_goes_into_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    url, file = emptied(postgresql_url), tmp_path / "yett.backup"
    with RunningServer(tmp_path / "home") as running:
        things = Things(running)
        assert run(tmp_path / "home", None, "backup", str(file), "--with-master-key").exit_code == 0
    done = run(tmp_path / "other", url, "restore", str(file))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "other" / "master.key").stat().st_mode & 0o777 == 0o600
    with RunningServer(tmp_path / "other", database_url=url) as running:
        things.check(running)
        running.client("iam").create_user(UserName=unique("user"))  # the audit trail goes on where it was
    shown = run(tmp_path / "other", url, "audit-log", "--json", "--limit", "1")
    assert json.loads(shown.output)["action"] == "iam:CreateUser"


def error_of(running: RunningServer, service: str, operation: str, **parameters: Any) -> str:
    """The code that an operation is refused with."""
    with pytest.raises(ClientError) as refused:
        getattr(running.client(service), operation)(**parameters)
    return str(refused.value)


def test_a_restoration_refuses_a_store_in_use_or_not_empty(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "yett.backup"
    with RunningServer(home) as running:
        running.client("iam").create_user(UserName="ann")
        assert run(home, None, "backup", str(file)).exit_code == 0
        running.client("iam").create_user(UserName="bob")
        busy = run(home, None, "restore", str(file))
        assert (busy.exit_code, "already runs" in str(busy.exception)) == (1, True)
    full = run(home, None, "restore", str(file))
    assert (full.exit_code, "--force" in str(full.exception)) == (1, True)
    assert run(home, None, "restore", str(file), "--force").exit_code == 0
    with RunningServer(home) as running:
        assert [each["UserName"] for each in running.client("iam").list_users()["Users"]] == ["ann"]


def test_another_master_key_is_told_that_secrets_stay_shut(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "yett.backup"
    with RunningServer(home) as running:
        running.client("iam").create_user(UserName="ann")
    assert run(home, None, "backup", str(file)).exit_code == 0
    another = base64.b64encode(b"x" * 32).decode()
    for key in (another, None):
        refused = run(tmp_path / "other", None, "restore", str(file), master_key=key)
        assert refused.exit_code == 1
        assert "secrets of this backup cannot be opened (1 access keys)" in str(refused.exception)
    assert not (tmp_path / "other" / "yett.db").exists()
    done = run(tmp_path / "other", None, "restore", str(file), "--without-secrets", master_key=another)
    assert (done.exit_code, "1 access keys cannot be opened" in done.stderr) == (0, True)


def test_the_audit_trail_is_read_beside_the_server(running: RunningServer) -> None:
    arn, user = make_user(running)
    name = arn.rpartition("/")[2]
    with pytest.raises(ClientError, match="AccessDenied"):
        running.client("iam", user).create_group(GroupName="g")
    shown = run(running.settings.home, None, "audit-log", "--limit", "2")
    last, before = shown.output.splitlines()[::-1]
    assert "AccessDenied" in last
    assert f"iam:CreateGroup  arn:aws:iam::{running.settings.account}:group/g  by {arn} from 127.0.0.1" in last
    assert "iam:CreateAccessKey" in before
    assert name in before
    entries = [json.loads(line) for line in run(running.settings.home, None, "audit-log", "--json").output.splitlines()]
    assert entries[-1]["outcome"] == "AccessDenied"
    assert run(running.settings.home, None, "audit-log", "--account", "999999999999").output == ""

    def mine(*options: str) -> list[str]:
        shown = run(running.settings.home, None, "audit-log", "--principal", arn, "--json", *options)
        return [json.loads(line)["action"] for line in shown.output.splitlines()]

    assert mine("--refused") == mine("--action", "iam:create*") == ["iam:CreateGroup"]
    assert mine("--since", "2001-01-01T00:00:00Z") == ["iam:CreateGroup"]
    assert mine("--outcome", "allowed") == mine("--until", "2001-01-01") == mine("--source-ip", "192.0.2.1") == []
