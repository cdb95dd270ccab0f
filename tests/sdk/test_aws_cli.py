"""The AWS CLI against a running server: identities are made, used, refused and removed from a shell."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from tests.sdk.making import unique
from tests.sdk.running import RunningServer
from tests.sdk.test_iam import denying, document, trusting

AWS = Path(sys.executable).with_name("aws")


class Shell:
    """Runs commands of the AWS CLI as somebody."""

    def __init__(self, running: RunningServer, home: Path, keys: Credentials | None = None) -> None:
        self.running, self.home, self.keys = running, home, keys or running.root

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.running.server.url,
            "AWS_DEFAULT_REGION": self.running.settings.region,
            "AWS_ACCESS_KEY_ID": self.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": self.keys.secret_key,
            "AWS_MAX_ATTEMPTS": "1",
            **({"AWS_SESSION_TOKEN": self.keys.token} if self.keys.token else {}),
        }
        command = [str(AWS), *words, "--output", "json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    def __call__(self, *words: str) -> Any:
        """What a command that goes well prints."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def refused(self, *words: str) -> str:
        """What a command that is refused says."""
        done = self.run(*words)
        assert done.returncode in {254, 255}, done.stdout  # the second version of the CLI and the first
        return done.stderr.strip()


@pytest.fixture
def aws(running: RunningServer, tmp_path: Path) -> Shell:
    return Shell(running, tmp_path)


def test_a_user_is_made_given_keys_and_refused_what_it_may_not(aws: Shell, running: RunningServer) -> None:
    name, group = unique("user"), unique("group")
    aws("iam", "create-user", "--user-name", name, "--path", "/cli/", "--tags", "Key=team,Value=blue")
    aws("iam", "create-group", "--group-name", group)
    aws("iam", "add-user-to-group", "--user-name", name, "--group-name", group)
    allowed = document({"Effect": "Allow", "Action": ["iam:GetUser", "sts:GetFederationToken"], "Resource": "*"})
    aws("iam", "put-group-policy", "--group-name", group, "--policy-name", "p", "--policy-document", allowed)
    key = aws("iam", "create-access-key", "--user-name", name)["AccessKey"]
    user = Shell(running, aws.home, Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    arn = f"arn:aws:iam::{running.settings.account}:user/cli/{name}"
    assert user("sts", "get-caller-identity")["Arn"] == arn
    assert user("iam", "get-user")["User"]["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert user.refused("iam", "list-users") == (
        f"An error occurred (AccessDenied) when calling the ListUsers operation: User: {arn} is not authorized to "
        "perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action"
    )
    federated = user("sts", "get-federation-token", "--name", "bob", "--policy", allowed)
    assert federated["FederatedUser"]["FederatedUserId"] == f"{running.settings.account}:bob"
    assert "DeleteConflict" in aws.refused("iam", "delete-user", "--user-name", name)
    assert "EntityAlreadyExists" in aws.refused("iam", "create-user", "--user-name", name.upper())


def test_lists_are_paged_by_the_cli(aws: Shell) -> None:
    path = f"/{unique('pages')}/"
    names = [f"user-{path.strip('/')}-{number}" for number in range(3)]
    for name in names:
        aws("iam", "create-user", "--user-name", name, "--path", path)
    listed = aws("iam", "list-users", "--path-prefix", path, "--page-size", "2")
    assert [each["UserName"] for each in listed["Users"]] == names
    first = aws("iam", "list-users", "--path-prefix", path, "--max-items", "2")
    rest = aws("iam", "list-users", "--path-prefix", path, "--starting-token", first["NextToken"])
    assert [each["UserName"] for each in (*first["Users"], *rest["Users"])] == names


def test_a_role_is_assumed_and_revoked(aws: Shell, running: RunningServer) -> None:
    user, role = unique("user"), unique("role")
    arn = aws("iam", "create-user", "--user-name", user)["User"]["Arn"]
    key = aws("iam", "create-access-key", "--user-name", user)["AccessKey"]
    trust = trusting({"AWS": arn})
    made = aws("iam", "create-role", "--role-name", role, "--assume-role-policy-document", trust)["Role"]
    read_only = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    aws("iam", "attach-role-policy", "--role-name", role, "--policy-arn", read_only)
    caller = Shell(running, aws.home, Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    assumed = caller("sts", "assume-role", "--role-arn", made["Arn"], "--role-session-name", "cli")["Credentials"]
    session = Shell(
        running,
        aws.home,
        Credentials(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]),
    )
    assert session("iam", "get-role", "--role-name", role)["Role"]["RoleId"] == made["RoleId"]
    aws("iam", "detach-role-policy", "--role-name", role, "--policy-arn", read_only)
    assert "(AccessDenied)" in session.refused("iam", "get-role", "--role-name", role)
    aws("iam", "delete-role", "--role-name", role)
    assert "(InvalidClientTokenId)" in session.refused("iam", "list-roles")


def test_policies_are_versioned_and_simulated(aws: Shell) -> None:
    made = aws("iam", "create-policy", "--policy-name", unique("policy"), "--policy-document", denying())["Policy"]
    arn = made["Arn"]
    allowed = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    aws("iam", "create-policy-version", "--policy-arn", arn, "--policy-document", allowed, "--set-as-default")
    versions = aws("iam", "list-policy-versions", "--policy-arn", arn)["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in versions] == [("v2", True), ("v1", False)]
    read = aws("iam", "get-policy-version", "--policy-arn", arn, "--version-id", "v2")["PolicyVersion"]
    assert read["Document"]["Statement"][0]["Effect"] == "Allow"
    asked = ["--policy-input-list", allowed, "--action-names", "s3:GetObject", "iam:ListUsers"]
    results = aws("iam", "simulate-custom-policy", *asked)["EvaluationResults"]
    assert [each["EvalDecision"] for each in results] == ["allowed", "implicitDeny"]
    assert "(MalformedPolicyDocument)" in aws.refused(
        "iam", "create-policy", "--policy-name", unique("policy"), "--policy-document", "{"
    )


def test_an_organization_is_made_and_an_account_reached(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "home") as running:
        aws = Shell(running, tmp_path)
        aws("organizations", "create-organization")
        root = aws("organizations", "list-roots")["Roots"][0]["Id"]
        asked = aws("organizations", "create-account", "--account-name", "b", "--email", "b@example.com")
        request = asked["CreateAccountStatus"]["Id"]
        status = aws("organizations", "describe-create-account-status", "--create-account-request-id", request)
        account = status["CreateAccountStatus"]["AccountId"]
        unit = aws("organizations", "create-organizational-unit", "--parent-id", root, "--name", "u")
        below = unit["OrganizationalUnit"]["Id"]
        moved = ["--account-id", account, "--source-parent-id", root, "--destination-parent-id", below]
        aws("organizations", "move-account", *moved)
        listed = aws("organizations", "list-accounts-for-parent", "--parent-id", below)["Accounts"]
        assert [each["Id"] for each in listed] == [account]
        assert "(DuplicateOrganizationalUnitException)" in aws.refused(
            "organizations", "create-organizational-unit", "--parent-id", root, "--name", "u"
        )
