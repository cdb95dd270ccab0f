import pytest
from tests.fakes.callers import MemoryCallers
from tests.fakes.clock import START

from yett.adapters.rootless_callers import RootlessCallers
from yett.policy import CallerPolicies, compile_policies
from yett.ports.callers import Caller, CredentialFault, CredentialsRefused
from yett.values.identity import IamIdentity, PrincipalType
from yett.values.secret import Secret

ACCOUNT = "123456789012"


def caller(access_key_id: str, *, is_root: bool) -> Caller:
    arn = f"arn:aws:iam::{ACCOUNT}:root" if is_root else f"arn:aws:iam::{ACCOUNT}:user/me"
    none = compile_policies((), actions=None)
    return Caller(
        identity=IamIdentity(
            account=ACCOUNT,
            arn=arn,
            user_id=ACCOUNT,
            principal_type=PrincipalType.ACCOUNT if is_root else PrincipalType.USER,
            access_key_id=access_key_id,
            principal_arn=arn,
        ),
        secret_access_key=Secret("s"),
        policies=CallerPolicies(identity=none, boundary=None, session=None, scp=(), rcp=(), is_root=is_root),
    )


class Resolving(MemoryCallers):
    """Callers that are all in the store, and in memory too."""

    async def resolve(self, access_key_id: str, session_token: str | None, *, now: object) -> Caller:
        return self.by_key[access_key_id]


ROOT, USER = caller("AKIAROOT", is_root=True), caller("AKIAUSER", is_root=False)
CALLERS = RootlessCallers(Resolving(ROOT, USER))


async def test_root_is_neither_in_memory_nor_in_the_store() -> None:
    assert CALLERS.current("AKIAROOT", None, now=START) is None
    with pytest.raises(CredentialsRefused) as refused:
        await CALLERS.resolve("AKIAROOT", None, now=START)
    assert refused.value.fault is CredentialFault.UNKNOWN_ACCESS_KEY
    with pytest.raises(CredentialsRefused):
        await CALLERS.root(ACCOUNT)


async def test_everybody_else_is_who_they_are() -> None:
    assert CALLERS.current("AKIAUSER", None, now=START) is USER
    assert await CALLERS.resolve("AKIAUSER", None, now=START) is USER
    assert CALLERS.current("AKIANOBODY", None, now=START) is None
    assert await CALLERS.role("arn:aws:iam::123456789012:role/none", "s", now=START) is None
    assert await CALLERS.service_role("arn:aws:iam::123456789012:role/none", "s", service="x", now=START) is None
