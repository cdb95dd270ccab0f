"""REST APIs made with boto3 and called over HTTP, as their owners and callers do."""

import json

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.sdk.making import ECHO, Api, let_gateway_invoke, make_function, mock, proxy, unique
from tests.sdk.running import RunningServer


def test_a_mock_answers_once_it_is_deployed_and_not_before(running: RunningServer) -> None:
    api = Api(running)
    api.method("/health", mock())
    before = running.call(api.id, "/prod/health")
    assert (before.status, before.error_type, before.json) == (403, "ForbiddenException", {"message": "Forbidden"})
    api.deploy()
    after = running.call(api.id, "/prod/health")
    assert (after.status, after.json) == (200, {"ok": True})
    assert after.headers["x-amzn-requestid"]
    assert after.headers["x-amz-apigw-id"]
    api.method("/later", mock())
    missing = running.call(api.id, "/prod/later")
    assert (missing.status, missing.error_type) == (403, "MissingAuthenticationTokenException")


def test_a_function_gets_the_proxy_event_and_answers(running: RunningServer) -> None:
    function_arn = make_function(running, ECHO)
    api = Api(running)
    api.method("/pets/{petId}", proxy(running, function_arn), verb="ANY")
    api.deploy()
    refused = running.call(api.id, "/prod/pets/7")
    assert (refused.status, refused.json) == (500, {"message": "Internal server error"})
    let_gateway_invoke(running, function_arn, api)
    answer = running.call(api.id, "/prod/pets/7?a=1&a=2", method="POST", headers={"tEsT-HEADeR": "x"}, body=b"hello")
    assert answer.status == 200
    event = answer.json
    assert event["resource"] == "/pets/{petId}"
    assert event["path"] == "/pets/7"
    assert event["pathParameters"] == {"petId": "7"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert event["headers"]["tEsT-HEADeR"] == "x"
    assert event["body"] == "hello"
    assert event["requestContext"]["path"] == "/prod/pets/7"
    assert event["requestContext"]["identity"]["userArn"] is None
    assert "authorizer" not in event["requestContext"]


def test_a_crash_in_a_handler_harms_nobody_else(running: RunningServer) -> None:
    api = Api(running)
    crashing = make_function(running, "import os\ndef handler(event, context):\n    os._exit(3)\n")
    api.method("/crash", proxy(running, crashing))
    api.method("/health", mock())
    api.deploy()
    let_gateway_invoke(running, crashing, api)
    for _ in range(2):
        answer = running.call(api.id, "/prod/crash")
        assert (answer.status, answer.json) == (502, {"message": "Internal server error"})
    assert running.call(api.id, "/prod/health").status == 200


def test_a_signature_opens_what_the_policy_allows_and_nothing_else(running: RunningServer) -> None:
    api = Api(running)
    api.method("/open", mock(), authorizationType="AWS_IAM")
    api.method("/shut", mock(), authorizationType="AWS_IAM")
    api.deploy()
    iam = running.client("iam")
    name = unique("user")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    region, account = running.settings.region, running.settings.account
    assert running.call(api.id, "/prod/open", signed_by=user).status == 403
    iam.put_user_policy(
        UserName=name,
        PolicyName="open",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "execute-api:Invoke",
                        "Resource": f"arn:aws:execute-api:{region}:{account}:{api.id}/prod/GET/open",
                    }
                ],
            }
        ),
    )
    assert running.call(api.id, "/prod/open", signed_by=user).status == 200
    refused = running.call(api.id, "/prod/shut", signed_by=user)
    assert (refused.status, refused.error_type) == (403, "AccessDeniedException")
    assert refused.json == {
        "Message": f"User: {arn} is not authorized to perform: execute-api:Invoke on resource: "
        f"arn:aws:execute-api:{region}:********{account[-4:]}:{api.id}/prod/GET/shut "
        "because no identity-based policy allows the execute-api:Invoke action"
    }
    unsigned = running.call(api.id, "/prod/open")
    assert (unsigned.status, unsigned.json) == (403, {"message": "Missing Authentication Token"})
    assert running.call(api.id, "/prod/nowhere", signed_by=user).status == 404
    iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    inactive = running.call(api.id, "/prod/open", signed_by=user)
    assert (inactive.status, inactive.error_type) == (403, "UnrecognizedClientException")


def test_a_user_without_permission_administers_nothing(running: RunningServer) -> None:
    iam = running.client("iam")
    name = unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        running.client("apigateway", user).get_rest_apis()
    with pytest.raises(ClientError, match="AccessDenied"):
        running.client("dynamodb", user).list_tables()
