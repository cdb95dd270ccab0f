import pytest
from sqlalchemy import func, select
from tests.services.aws import ACCOUNT, Aws, allow, policy, trust

from yett.adapters.callers import StoredCallers
from yett.adapters.session_tokens import SealedSessionTokens
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.schema import DOCUMENTS, POINTERS, REVISIONS
from yett.adapters.sql.sealing import Sealer
from yett.adapters.system import SystemRandomness
from yett.ports.callers import Caller

SESSION = {"RoleSessionName": "session"}


async def alice_and_role(aws: Aws, *, trusted: str | None = None, **more: object) -> tuple[Caller, str]:
    alice = await aws.user("alice", allow("sts:*"))
    every = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    return alice, await aws.role("r", trusted or trust({"AWS": alice.identity.arn}, every), allow("*"), **more)


async def test_the_session_has_the_roles_permissions(aws: Aws) -> None:
    alice, role = await alice_and_role(aws, Path="/app/")
    answer = await aws.do("sts:AssumeRole", alice, RoleArn=role, **SESSION)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"
    assert "PackedPolicySize" not in answer
    session = await aws.holder(answer)
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == session.identity.user_id
    assert (await aws.do("sts:GetCallerIdentity", session))["Arn"] == answer["AssumedRoleUser"]["Arn"]
    await aws.do("iam:ListUsers", session)


async def test_an_unknown_role_and_one_that_does_not_trust_are_told_alike(aws: Aws) -> None:
    alice, _ = await alice_and_role(aws)
    await aws.role("closed", trust({"Service": "lambda.amazonaws.com"}))
    for name in ("closed", "missing"):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        assert await aws.refused("sts:AssumeRole", alice, RoleArn=arn, **SESSION) == (
            "AccessDenied",
            f"User: {alice.identity.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
        )


async def test_root_assumes_no_role(aws: Aws) -> None:
    role = await aws.role("r", trust({"AWS": ACCOUNT}))
    code, _ = await aws.refused("sts:AssumeRole", RoleArn=role, **SESSION)
    assert code == "AccessDenied"


# OBSERVED: spec 08, nos. 33 and 50
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"RoleArn": "nothing-valid-in-here"}, ("ValidationError", "nothing-valid-in-here is invalid")),
        (
            {"RoleSessionName": "Session1:2"},
            (
                "ValidationError",
                "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
            ),
        ),
        (
            {"DurationSeconds": 3601},
            ("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        ),
        ({"Policy": "{"}, ("MalformedPolicyDocument", None)),
        ({"PolicyArns": [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/none"}]}, ("ValidationError", None)),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "1"}]},
            (
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ),
        ),
        (
            {"TransitiveTagKeys": ["a"]},
            ("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."),
        ),
        ({"SerialNumber": "arn:aws:iam::1:mfa/x", "TokenCode": "123456"}, ("AccessDenied", None)),
    ],
)
async def test_what_cannot_be_is_refused_in_awss_words(
    aws: Aws, params: dict[str, object], expected: tuple[str, str | None]
) -> None:
    alice, role = await alice_and_role(aws)
    code, message = await aws.refused("sts:AssumeRole", alice, **{"RoleArn": role, **SESSION, **params})
    assert (code, message if expected[1] is not None else None) == expected


async def test_session_policies_narrow_the_session(aws: Aws) -> None:
    alice, role = await alice_and_role(aws)
    narrow = policy(allow("iam:ListUsers"))
    answer = await aws.do("sts:AssumeRole", alice, RoleArn=role, Policy=narrow, **SESSION)
    assert answer["PackedPolicySize"] == 3
    session = await aws.holder(answer)
    await aws.do("iam:ListUsers", session)
    assert (await aws.refused("iam:ListRoles", session))[0] == "AccessDenied"
    managed = [{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]
    session = await aws.holder(await aws.do("sts:AssumeRole", alice, RoleArn=role, PolicyArns=managed, **SESSION))
    await aws.do("iam:ListRoles", session)
    assert (await aws.refused("iam:CreateUser", session, UserName="x"))[0] == "AccessDenied"


async def test_an_external_id_is_weighed(aws: Aws) -> None:
    alice = await aws.user("alice")
    condition = {"StringEquals": {"sts:ExternalId": "secret-handshake"}}
    role = await aws.role("r", trust({"AWS": alice.identity.arn}, Condition=condition))
    await aws.do("sts:AssumeRole", alice, RoleArn=role, ExternalId="secret-handshake", **SESSION)
    for params in ({}, {"ExternalId": "other"}):
        assert (await aws.refused("sts:AssumeRole", alice, RoleArn=role, **params, **SESSION))[0] == "AccessDenied"


async def test_tags_need_a_trust_of_their_own(aws: Aws) -> None:
    alice = await aws.user("alice")
    role = await aws.role("r", trust({"AWS": alice.identity.arn}))
    tags = [{"Key": "a", "Value": "1"}]
    code, message = await aws.refused("sts:AssumeRole", alice, RoleArn=role, Tags=tags, **SESSION)
    assert code == "AccessDenied"
    assert "sts:TagSession" in message
    code, message = await aws.refused("sts:AssumeRole", alice, RoleArn=role, SourceIdentity="me", **SESSION)
    assert "sts:SetSourceIdentity" in message


async def test_a_chain_keeps_transitive_tags_and_source_identity_and_is_short(aws: Aws) -> None:
    alice, role = await alice_and_role(aws, MaxSessionDuration=43200, Tags=[{"Key": "team", "Value": "role"}])
    every = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    further = await aws.role("next", trust({"AWS": role}, every), MaxSessionDuration=43200)
    tags = [{"Key": "Team", "Value": "a"}, {"Key": "other", "Value": "b"}]
    first = await aws.holder(
        await aws.do(
            "sts:AssumeRole",
            alice,
            RoleArn=role,
            Tags=tags,
            TransitiveTagKeys=["Team"],
            SourceIdentity="alice",
            DurationSeconds=43200,
            **SESSION,
        )
    )
    assert first.identity.tags == {"Team": "a", "other": "b"}
    answer = await aws.do("sts:AssumeRole", first, RoleArn=further, **SESSION)
    second = await aws.holder(answer)
    assert second.identity.tags == {"Team": "a"}
    assert second.identity.source_identity == answer["SourceIdentity"] == "alice"
    for params, expected in (
        (
            {"DurationSeconds": 3601},
            (
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            ),
        ),
        (
            {"Tags": [{"Key": "team", "Value": "z"}]},
            (
                "InvalidParameterValue",
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
                "from the calling session.",
            ),
        ),
        (
            {"SourceIdentity": "bob"},
            (
                "AccessDenied",
                f"User: {first.identity.arn} is not authorized to perform: sts:SetSourceIdentity on resource: "
                f"{further}",
            ),
        ),
    ):
        assert await aws.refused("sts:AssumeRole", first, RoleArn=further, **params, **SESSION) == expected


async def test_a_session_is_nowhere_but_in_its_token(aws: Aws) -> None:
    """So another process with the same master key knows it at once, and none has it to lose."""

    def rows(transaction: Transaction) -> list[int]:
        tables = (DOCUMENTS, POINTERS, REVISIONS)
        return [transaction.connection.execute(select(func.count()).select_from(each)).scalar_one() for each in tables]

    alice, role = await alice_and_role(aws)
    before = await aws.database.read(rows)
    answer = await aws.do("sts:AssumeRole", alice, RoleArn=role, **SESSION)
    other = await aws.do("sts:GetFederationToken", alice, Name="bob")
    assert await aws.database.read(rows) == before
    elsewhere = StoredCallers(aws.database, SealedSessionTokens(Sealer(b"k" * 32), SystemRandomness()))
    for given, arn in ((answer, "assumed-role/r/session"), (other, "federated-user/bob")):
        credentials = given["Credentials"]
        found = await elsewhere.resolve(credentials["AccessKeyId"], credentials["SessionToken"], now=aws.time)
        assert found.identity.arn.endswith(f":{arn}")
        assert found.secret_access_key.reveal() == credentials["SecretAccessKey"]
