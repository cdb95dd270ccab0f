import stat
from collections.abc import AsyncIterator
from pathlib import Path

import boto3
import pytest
from tests.services.aws import ACCOUNT, Aws, aws_at

from yett.ports.callers import CredentialFault, CredentialsRefused
from yett.server.credentials import BadRootCredentials, RootCredentials, ensure_root

GIVEN = {"YETT_ROOT_ACCESS_KEY_ID": "AKIAROOT", "YETT_ROOT_SECRET_ACCESS_KEY": "a secret of the operator"}


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[Aws]:
    async with aws_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


async def test_a_key_is_made_once_and_kept_where_sdks_read_it(
    aws: Aws, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await ensure_root(aws.ports, home=home, environment={})
    assert (await aws.resolve(made.access_key_id)).identity.arn == f"arn:aws:iam::{ACCOUNT}:root"
    assert await aws.ports.iam_store.access_keys(ACCOUNT, ACCOUNT) != []
    again = await ensure_root(aws.ports, home=home, environment={})
    assert again.access_key_id == made.access_key_id
    assert again.secret_access_key == made.secret_access_key
    assert stat.S_IMODE((home / "credentials").stat().st_mode) == 0o600
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "credentials"))
    credentials = boto3.Session(profile_name="yett").get_credentials()
    assert credentials is not None
    assert credentials.access_key == made.access_key_id
    assert credentials.secret_key == made.secret_access_key.reveal()


async def test_the_environments_key_takes_the_place_of_others(aws: Aws, home: Path) -> None:
    made = await ensure_root(aws.ports, home=home, environment={})
    given = await ensure_root(aws.ports, home=home, environment=GIVEN)
    caller = await aws.resolve("AKIAROOT")
    assert caller.secret_access_key == given.secret_access_key
    with pytest.raises(CredentialsRefused) as refused:
        await aws.resolve(made.access_key_id)
    assert refused.value.fault is CredentialFault.UNKNOWN_ACCESS_KEY
    await ensure_root(
        aws.ports, home=home, environment={**GIVEN, "YETT_ROOT_SECRET_ACCESS_KEY": "another secret of it"}
    )
    assert (await aws.resolve("AKIAROOT")).secret_access_key.reveal() == "another secret of it"


async def test_a_root_that_deleted_its_key_stays_without(aws: Aws, home: Path) -> None:
    made = await ensure_root(aws.ports, home=home, environment={})
    await aws.do("iam:DeleteAccessKey", AccessKeyId=made.access_key_id)
    await ensure_root(aws.ports, home=home, environment={})
    assert await aws.ports.iam_store.access_keys(ACCOUNT, ACCOUNT) == []


async def test_a_home_with_a_new_database_keeps_its_key(aws: Aws, home: Path, tmp_path: Path) -> None:
    made = await ensure_root(aws.ports, home=home, environment={})
    (tmp_path / "new").mkdir()
    async with aws_at(tmp_path / "new") as fresh:
        await ensure_root(fresh.ports, home=home, environment={})
        assert (await fresh.resolve(made.access_key_id)).identity.is_root


async def test_a_lost_file_is_said(aws: Aws, home: Path) -> None:
    await ensure_root(aws.ports, home=home, environment={})
    (home / "credentials").unlink()
    with pytest.raises(BadRootCredentials, match="is gone"):
        await ensure_root(aws.ports, home=home, environment={})


@pytest.mark.parametrize(
    "environment",
    [
        {"YETT_ROOT_ACCESS_KEY_ID": "AKIAROOT"},
        {"YETT_ROOT_SECRET_ACCESS_KEY": "a secret of the operator"},
        {**GIVEN, "YETT_ROOT_ACCESS_KEY_ID": "ASIAROOT"},
        {**GIVEN, "YETT_ROOT_ACCESS_KEY_ID": "no/slash"},
        {**GIVEN, "YETT_ROOT_SECRET_ACCESS_KEY": "short"},
    ],
)
async def test_what_cannot_be_a_key_is_refused(aws: Aws, home: Path, environment: dict[str, str]) -> None:
    with pytest.raises(BadRootCredentials):
        await ensure_root(aws.ports, home=home, environment=environment)


async def test_somebody_elses_key_does_not_become_roots(aws: Aws, home: Path) -> None:
    alice = await aws.user("alice")
    environment = {**GIVEN, "YETT_ROOT_ACCESS_KEY_ID": alice.identity.access_key_id}
    with pytest.raises(BadRootCredentials, match="another user"):
        await ensure_root(aws.ports, home=home, environment=environment)


def test_the_secret_does_not_show() -> None:
    from yett.values.secret import Secret

    assert "hush" not in repr(RootCredentials(access_key_id="A", secret_access_key=Secret("hush")))
