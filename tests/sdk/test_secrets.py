"""Root credentials from the environment, across a restart; and no secret in anything that is printed or kept."""

import base64
import json
import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import TEMPLATE
from tests.cli.processes import UP, Process, environment_of, paste

PASSWORD = "Correct-horse-battery-7"


class Played:
    """A server with a home of its own, used by everybody; what was printed, and the secrets that were used."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.home = directory / "home"
        self.root_id, self.root_secret = "AKIAROOTROOTROOT0001", secrets.token_urlsafe(30)
        self.master_key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.environment = environment_of(
            self.home,
            YETT_ROOT_ACCESS_KEY_ID=self.root_id,
            YETT_ROOT_SECRET_ACCESS_KEY=self.root_secret,
            YETT_MASTER_KEY=self.master_key,
        )
        self.secrets = {"the root secret": self.root_secret, "the master key": self.master_key, "a password": PASSWORD}
        self.printed: list[str] = []
        self.process = self.start()

    def start(self) -> Process:
        process = Process("up", TEMPLATE, "--port", "0", environment=self.environment, cwd=self.directory)
        process.wait_for(UP)
        return process

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        code = self.process.end(number)
        self.printed.append(self.process.printed)
        return code

    @property
    def url(self) -> str:
        (line,) = [line for line in self.process.printed.splitlines() if line.startswith("Shop (")]
        return line.split()[-1]

    def type(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A line in a shell with the exports of `yett env`; what it prints is for a person to see."""
        return paste(f'eval "$(yett env)"; {line}', environment=self.environment | environment, cwd=self.directory)

    def ask(self, line: str) -> object:
        """What the AWS CLI gives to a program: secrets may be in it."""
        answer = self.type(f"{line} --output json")
        assert answer.returncode == 0, answer.stderr
        self.printed.append(answer.stderr)
        return json.loads(answer.stdout)

    def play(self) -> None:
        """Everybody calls, rightly and wrongly."""
        key = self.ask("aws iam create-access-key --user-name clerk --query AccessKey")
        assert isinstance(key, dict)
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        self.secrets["the clerk's secret"] = key["SecretAccessKey"]
        session = self.ask("aws sts get-session-token --query Credentials")
        assert isinstance(session, dict)
        self.secrets["a session's secret"] = session["SecretAccessKey"]
        self.secrets["a session token"] = session["SessionToken"]
        pool = self.ask("aws cognito-idp list-user-pools --max-results 1 --query UserPools[0].Id")
        clients = f"aws cognito-idp list-user-pool-clients --user-pool-id {pool} --query UserPoolClients[].ClientId"
        for client in self.ask(clients):  # type: ignore[attr-defined]
            described = self.ask(
                f"aws cognito-idp describe-user-pool-client --user-pool-id {pool} --client-id {client}"
            )
            secret = described["UserPoolClient"].get("ClientSecret")  # type: ignore[index]
            if secret:
                self.secrets["an application's secret"] = secret
        self.type(
            f"aws cognito-idp admin-set-user-password --user-pool-id {pool} --username alice "
            f"--password {PASSWORD} --permanent"
        )
        for name, options in (("an ID token", ""), ("an access token", "--access")):
            got = self.type(f"yett token get --user-pool {pool} --password {PASSWORD} {options}")
            assert got.returncode == 0, got.stderr
            self.secrets[name] = got.stdout.strip()
        got = self.type(f"yett token get --user-pool {pool} --scope shop/read")
        assert got.returncode == 0, got.stderr
        self.secrets["an application's token"] = got.stdout.strip()
        wrong = self.type(f"yett token get --user-pool {pool} --password {PASSWORD}x")
        assert wrong.returncode == 1
        self.printed.append(wrong.stdout + wrong.stderr)
        application = self.secrets["an application's token"]
        calls = [
            f"curl -si {self.url}/mine -d '{{}}' -H 'Authorization: {self.secrets['an ID token']}'",
            f"curl -si {self.url}/mine -d '{{}}' -H 'Authorization: {self.secrets['an access token']}'",
            f"curl -si {self.url}/batch -H 'Authorization: {application}'",
            f"curl -si {self.url}/gated -H 'Authorization: {self.secrets['an ID token']}'",
            f"yett curl -i {self.url}/signed",
            f"AWS_SECRET_ACCESS_KEY={self.secrets['the root secret']}x yett curl -i {self.url}/signed",
        ]
        for call in calls:
            self.explain(self.type(call).stdout)
        self.explain(
            paste(f"yett curl -i {self.url}/signed", environment=self.environment | keys, cwd=self.directory).stdout
        )
        self.printed.append(self.type("yett logs").stdout)

    def explain(self, answer: str) -> None:
        """What the server says of a call of which this is the answer."""
        self.printed.append(answer)
        found = re.search(r"x-amzn-RequestId: (\S+)", answer)
        assert found is not None, answer
        for options in ("", "--json"):
            explained = self.type(f"yett explain {options} {found[1]}")
            assert explained.returncode == 0, explained.stderr
            self.printed.append(explained.stdout + explained.stderr)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    played = Played(tmp_path_factory.mktemp("secrets"))
    try:
        played.play()
        assert played.stop() == 0
        played.process = played.start()
        yield played
    finally:
        if played.process.is_running():
            played.stop()


def test_the_root_credentials_of_the_environment_hold_across_a_restart(played: Played) -> None:
    assert not (played.home / "credentials").exists()
    who = played.ask("aws sts get-caller-identity")
    assert who == {"UserId": "123456789012", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root"}


def test_no_secret_is_in_anything_that_was_printed(played: Played) -> None:
    printed = "\n".join([*played.printed, played.process.printed])
    assert len(played.secrets) >= 10
    assert [name for name, secret in played.secrets.items() if secret in printed] == []


def test_no_secret_lies_open_in_the_home(played: Played) -> None:
    found = []
    for path in played.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            found += [(name, path.name) for name, secret in played.secrets.items() if secret.encode() in content]
    assert found == []


def test_nobody_else_may_read_the_home(played: Played) -> None:
    assert played.home.stat().st_mode & 0o077 == 0
    assert os.listdir(played.home)


def test_other_root_credentials_take_the_place_of_those_before(played: Played) -> None:
    assert played.stop(signal.SIGTERM) == 0
    old = {"AWS_ACCESS_KEY_ID": played.root_id, "AWS_SECRET_ACCESS_KEY": played.root_secret}
    played.root_id, played.root_secret = "AKIAROOTROOTROOT0002", secrets.token_urlsafe(30)
    played.environment |= {
        "YETT_ROOT_ACCESS_KEY_ID": played.root_id,
        "YETT_ROOT_SECRET_ACCESS_KEY": played.root_secret,
    }
    played.process = played.start()
    assert played.ask("aws sts get-caller-identity --query Arn") == "arn:aws:iam::123456789012:root"
    exports = " ".join(f"{name}={value}" for name, value in old.items())
    refused = played.type(f"{exports} aws sts get-caller-identity")
    assert refused.returncode != 0
    assert "InvalidClientTokenId" in refused.stderr
