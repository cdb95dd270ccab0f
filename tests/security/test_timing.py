"""Whoever guesses learns nothing from how much work a guess makes. Work is counted, never timed."""

import hmac
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.services.aws import Aws, allow, aws_at
from tests.services.cognito_idp.world import PASSWORD, World

from yett.ports.callers import CredentialsRefused
from yett.services.call import ServiceError
from yett.services.iam.authentication import authenticate
from yett.sigv4 import SignatureRefused
from yett.sigv4.signing_key import SigningKey

REFUSED = (SignatureRefused, CredentialsRefused)


@pytest.fixture
async def aws(tmp_path: Path) -> AsyncIterator[Aws]:
    async with aws_at(tmp_path) as made:
        yield made


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.close()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the costly and the telling things were done."""
    counted: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        real = getattr(module, name)

        def counting(*args: Any, **kwargs: Any) -> Any:
            counted[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, counting)

    count(hmac, "digest")
    count(hmac, "compare_digest")
    count(SigningKey, "sign")
    return counted


WRONG_SECRET = "nobody-has-a-key-with-this-for-its-secret"


async def test_an_unknown_or_sleeping_access_key_makes_the_work_of_a_wrong_secret(aws: Aws, work: Counter[str]) -> None:
    await aws.user("ann", allow("*"))
    known = (await aws.do("iam:CreateAccessKey", UserName="ann"))["AccessKey"]
    await aws.do("iam:CreateUser", UserName="bob")
    asleep = (await aws.do("iam:CreateAccessKey", UserName="bob"))["AccessKey"]
    await aws.do("iam:UpdateAccessKey", UserName="bob", AccessKeyId=asleep["AccessKeyId"], Status="Inactive")
    made: dict[str, Counter[str]] = {}
    for name, key in {
        "wrong secret": {**known, "SecretAccessKey": WRONG_SECRET},
        "sleeping key": asleep,
        "unknown key": {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": WRONG_SECRET},
        "no key at all": {"AccessKeyId": "nonsense", "SecretAccessKey": WRONG_SECRET},
    }.items():
        for _ in range(2):  # the second time, when the day's signing keys are derived
            request = aws.signed(key)
            work.clear()
            with pytest.raises(REFUSED):
                await authenticate(request, aws.ports, service="iam", region=None, skew_seconds=900)
        made[name] = work.copy()
    assert len({tuple(sorted(each.items())) for each in made.values()}) == 1, made
    assert made["wrong secret"]["compare_digest"] >= 1
    assert made["wrong secret"]["sign"] >= 1


async def test_an_unknown_user_makes_the_work_of_a_wrong_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id, PreventUserExistenceErrors="ENABLED")
    await world.user(pool_id)
    checks: list[str] = []
    passwords = world.ports.passwords
    real = passwords.is_right

    async def counting(*args: Any, **kwargs: Any) -> Any:
        checks.append("is_right")
        return await real(*args, **kwargs)

    monkeypatch.setattr(passwords, "is_right", counting)
    said = []
    for name, password in (("ann", f"{PASSWORD}x"), ("nobody", PASSWORD), ("ann", ""), ("nobody", "")):
        checks.clear()
        with pytest.raises(ServiceError) as refused:
            await world.sign_in(client, name, password)
        said.append((refused.value.code, refused.value.message, len(checks)))
    assert said[0] == said[1]
    assert said[2] == said[3]
