"""`yett env`, and the real `aws` with what it exports."""

import json

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import paste, run

AWS = (
    ("sts get-caller-identity", "Arn", "arn:aws:iam::123456789012:root"),
    ("iam list-users", "Users[].UserName | sort(@)", ["clerk", "thief", "trainee"]),
    ("apigateway get-rest-apis", "items[].name | length(@)", 1),
    ("lambda list-functions", "Functions[].Runtime", ["python3.11", "python3.11"]),
    ("cognito-idp list-user-pools --max-results 5", "UserPools[].Name", ["customers"]),
    ("dynamodb list-tables", "TableNames", []),
    ("organizations create-organization", "Organization.FeatureSet", "ALL"),
)


@pytest.mark.parametrize(("command", "query", "expected"), AWS, ids=[command.split(" ")[0] for command, _, _ in AWS])
def test_the_aws_cli_reaches_the_server_with_its_exports(
    shop: Shop, command: str, query: str, expected: object
) -> None:
    line = f"eval \"$(yett env)\" && aws {command} --query '{query}' --output json"
    pasted = paste(line, environment=shop.environment, cwd=shop.directory)
    assert pasted.returncode == 0, pasted.stderr
    assert json.loads(pasted.stdout) == expected


def test_it_overrides_what_the_shell_had(shop: Shop) -> None:
    environment = {**shop.environment, "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "stale"}
    line = 'eval "$(yett env)" && echo "$AWS_PROFILE/$AWS_SESSION_TOKEN/$AWS_ENDPOINT_URL/$YETT_HOME"'
    pasted = paste(line, environment=environment, cwd=shop.directory)
    assert pasted.stdout.startswith("//http://localhost:")
    assert pasted.stdout.endswith(f"/{shop.home}\n")


def test_a_program_reads_it_as_json(shop: Shop) -> None:
    result = run("yett", "env", "--json", environment=shop.environment, cwd=shop.directory)
    variables = json.loads(result.stdout)
    assert variables["YETT_HOME"] == str(shop.home)
    assert variables["AWS_ENDPOINT_URL"].startswith("http://localhost:")
    assert variables["AWS_ACCESS_KEY_ID"].startswith("AKIA")


def test_a_home_without_a_server_ever_is_said_in_clear_words(shop: Shop) -> None:
    environment = {**shop.environment, "YETT_HOME": str(shop.directory / "none")}
    result = run("yett", "env", environment=environment, cwd=shop.directory)
    assert result.returncode == 1
    assert "has no credentials: start a server there first" in result.stderr
    assert result.stdout == ""
