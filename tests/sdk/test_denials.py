"""Who denied a call, in both of AWS's wordings, for each kind of policy: boto3 and real HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.sdk.making import Api, make_user, mock, unique
from tests.sdk.running import RunningServer

INVOKE = "execute-api:Invoke"
ALLOW = {"Effect": "Allow", "Action": INVOKE, "Resource": "*"}
DENY = {**ALLOW, "Effect": "Deny"}
ELSEWHERE = {**ALLOW, "Resource": "arn:aws:execute-api:*:*:nowhere/*"}
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Wordings:
    """A server that words its denials in one of the two ways, and an API on it."""

    def __init__(self, running: RunningServer, *, is_current: bool) -> None:
        self.running, self.is_current = running, is_current
        self.api = self.make_api()
        self.member: tuple[str, str] | None = None  # the organization's root and an account of it

    def make_api(self, policy: str | None = None) -> Api:
        api = Api(self.running, **({} if policy is None else {"policy": policy}))
        api.method("/signed", mock(), authorizationType="AWS_IAM")
        api.method("/open", mock())
        api.deploy()
        return api

    def call(self, who: Credentials | None, path: str = "/prod/signed", api: Api | None = None) -> tuple[int, str]:
        answer = self.running.call((api or self.api).id, path, signed_by=who)
        return answer.status, answer.json.get("message") or answer.json.get("Message") or ""

    def expect(self, arn: str, suffix: str, api: Api | None = None, path: str = "signed") -> tuple[int, str]:
        masked = f"********{self.running.settings.account[-4:]}"
        resource = f"arn:aws:execute-api:us-east-1:{masked}:{(api or self.api).id}/prod/GET/{path}"
        if not self.is_current:
            suffix = " with an explicit deny" if "explicit" in suffix else ""
        return 403, f"User: {arn} is not authorized to perform: {INVOKE} on resource: {resource}{suffix}"

    def organization(self) -> tuple[Any, str, str]:
        """A client of the organization, the id of its root, and a member account; made when first asked for."""
        organizations = self.running.client("organizations")
        if self.member is None:
            organizations.create_organization(FeatureSet="ALL")
            (root,) = [each["Id"] for each in organizations.list_roots()["Roots"]]
            for kind in (SCP, RCP):
                organizations.enable_policy_type(RootId=root, PolicyType=kind)
            asked = organizations.create_account(Email=f"{unique('m')}@example.com", AccountName="member")
            asked_id = asked["CreateAccountStatus"]["Id"]
            status = organizations.describe_create_account_status(CreateAccountRequestId=asked_id)
            self.member = (root, str(status["CreateAccountStatus"]["AccountId"]))
        return organizations, *self.member


@pytest.fixture(scope="module", params=[True, False], ids=["current", "legacy"])
def wordings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wordings]:
    home = tmp_path_factory.mktemp("home")
    with RunningServer(home, denial_wording_is_current=request.param) as running:
        yield Wordings(running, is_current=request.param)


def test_identity_based_policies(wordings: Wordings) -> None:
    silent_arn, silent = make_user(wordings.running, ELSEWHERE)
    denied_arn, denied = make_user(wordings.running, ALLOW, DENY)
    _, allowed = make_user(wordings.running, ALLOW)
    silence = f" because no identity-based policy allows the {INVOKE} action"
    assert wordings.call(silent) == wordings.expect(silent_arn, silence)
    assert wordings.call(denied) == wordings.expect(denied_arn, " with an explicit deny in an identity-based policy")
    assert wordings.call(allowed)[0] == 200


def test_a_permissions_boundary(wordings: Wordings) -> None:
    iam = wordings.running.client("iam")
    arn, user = make_user(wordings.running, ALLOW)
    boundary = iam.create_policy(PolicyName=unique("boundary"), PolicyDocument=document(ELSEWHERE))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=arn.split("/")[-1], PermissionsBoundary=boundary)
    silence = f" because no permissions boundary allows the {INVOKE} action"
    assert wordings.call(user) == wordings.expect(arn, silence)
    iam.create_policy_version(PolicyArn=boundary, PolicyDocument=document(ALLOW, DENY), SetAsDefault=True)
    assert wordings.call(user) == wordings.expect(arn, " with an explicit deny in a permissions boundary")


@pytest.mark.parametrize(
    ("statements", "suffix"),
    [
        ((ELSEWHERE,), f" because no session policy allows the {INVOKE} action"),
        ((ALLOW, DENY), " with an explicit deny in a session policy"),
        ((ALLOW,), None),
    ],
)
def test_a_session_policy(wordings: Wordings, statements: tuple[dict[str, Any], ...], suffix: str | None) -> None:
    iam, account = wordings.running.client("iam"), wordings.running.settings.account
    name = unique("role")
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(ALLOW))
    _, user = make_user(wordings.running, {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})
    sts = wordings.running.client("sts", user)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="one", Policy=document(*statements))["Credentials"]
    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/one"
    assert wordings.call(session) == (wordings.expect(arn, suffix) if suffix else (200, ""))


def test_a_resource_policy(wordings: Wordings) -> None:
    everybody = {"Principal": "*", "Action": INVOKE, "Resource": "execute-api:/*"}
    elsewhere = {**everybody, "Resource": "execute-api:/prod/GET/elsewhere"}
    silent = wordings.make_api(document({"Effect": "Allow", **elsewhere}))
    denied = wordings.make_api(document({"Effect": "Allow", **everybody}, {"Effect": "Deny", **everybody}))
    silence = f" because no resource-based policy allows the {INVOKE} action"
    deny = " with an explicit deny in a resource-based policy"
    arn, user = make_user(wordings.running, ALLOW)
    assert wordings.call(None, "/prod/open", silent) == wordings.expect("anonymous", silence, silent, "open")
    assert wordings.call(None, "/prod/open", denied) == wordings.expect("anonymous", deny, denied, "open")
    assert wordings.call(user, "/prod/signed", silent)[0] == 200  # within an account one side is enough
    assert wordings.call(user, "/prod/signed", denied) == wordings.expect(arn, deny, denied)


def test_a_resource_control_policy_binds_a_user_pool_of_a_member_account(wordings: Wordings) -> None:
    organizations, _, member = wordings.organization()
    cognito = wordings.running.client("cognito-idp", member_admin(wordings.running, member))
    pool = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    everybody = {"Effect": "Deny", "Principal": "*", "Action": "cognito-idp:*", "Resource": "*"}
    made = organizations.create_policy(Name=unique("r"), Description="", Type=RCP, Content=document(everybody))
    guardrail = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=guardrail, TargetId=member)
    with pytest.raises(ClientError) as refused:
        cognito.describe_user_pool(UserPoolId=pool)
    suffix = " with an explicit deny in a resource control policy" if wordings.is_current else " with an explicit deny"
    assert refused.value.response["Error"]["Message"].endswith(suffix)
    organizations.detach_policy(PolicyId=guardrail, TargetId=member)
    assert cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["Id"] == pool


def test_a_service_control_policy_binds_callers_of_member_accounts_at_the_gateway(wordings: Wordings) -> None:
    organizations, root, member = wordings.organization()
    arn, user = member_user(wordings.running, member)
    api = wordings.make_api(
        document({"Effect": "Allow", "Principal": {"AWS": member}, "Action": INVOKE, "Resource": "execute-api:/*"})
    )
    assert wordings.call(user, api=api)[0] == 200
    mine, outsider = perimeter(wordings, organizations.describe_organization()["Organization"]["Id"])
    assert wordings.call(mine, api=api)[0] == 200
    assert wordings.call(outsider, api=api)[0] == 403
    made = organizations.create_policy(Name=unique("p"), Description="", Type=SCP, Content=document(DENY))
    guardrail = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=guardrail, TargetId=member)
    assert wordings.call(user, api=api) == wordings.expect(
        arn, " with an explicit deny in a service control policy", api
    )
    organizations.detach_policy(PolicyId=guardrail, TargetId=member)
    assert wordings.call(user, api=api)[0] == 200
    organizations.update_policy(PolicyId=guardrail, Content=document({**ALLOW, "Action": "s3:*"}))
    organizations.attach_policy(PolicyId=guardrail, TargetId=root)
    (full,) = [each["Id"] for each in organizations.list_policies(Filter=SCP)["Policies"] if each["AwsManaged"]]
    organizations.detach_policy(PolicyId=full, TargetId=root)  # every level must allow: the root's no longer does
    silence = f" because no service control policy allows the {INVOKE} action"
    assert wordings.call(user, api=api) == wordings.expect(arn, silence, api)
    _, manager = make_user(wordings.running, ALLOW)
    assert wordings.call(manager)[0] == 200  # the management account is not bound


def perimeter(wordings: Wordings, organization_id: str) -> tuple[Credentials, Credentials]:
    """Users who may call the APIs of this organization alone, and of another one alone."""
    users = []
    for each in (organization_id, "o-anotherorg"):
        condition = {"StringNotEquals": {"aws:ResourceOrgID": each}}
        users.append(make_user(wordings.running, ALLOW, {**DENY, "Condition": condition})[1])
    return users[0], users[1]


def member_admin(running: RunningServer, account: str) -> Credentials:
    """A session of a member account's OrganizationAccountAccessRole."""
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    _, admin = make_user(running, {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})
    keys = running.client("sts", admin).assume_role(RoleArn=role, RoleSessionName="admin")["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def member_user(running: RunningServer, account: str) -> tuple[str, Credentials]:
    """A user of a member account who may call APIs, made by its OrganizationAccountAccessRole."""
    iam = running.client("iam", member_admin(running, account))
    arn = iam.create_user(UserName="caller")["User"]["Arn"]
    iam.put_user_policy(UserName="caller", PolicyName="inline", PolicyDocument=document(ALLOW))
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    return arn, Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def test_an_aws_api_words_its_denials_so_too(wordings: Wordings) -> None:
    arn, user = make_user(wordings.running, {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"})
    with pytest.raises(ClientError) as refused:
        wordings.running.client("iam", user).list_roles()
    suffix = " because no identity-based policy allows the iam:ListRoles action" if wordings.is_current else ""
    prefix = f"User: {arn} is not authorized to perform: iam:ListRoles on resource: "
    message = refused.value.response["Error"]["Message"]
    assert message.startswith(prefix)
    assert message.partition(" because ")[1:] == suffix.partition(" because ")[1:]
