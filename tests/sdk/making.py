"""Making things on a running server with boto3, as their owners would."""

import io
import json
import random
import uuid
import zipfile
from typing import Any

from botocore.credentials import Credentials
from tests.sdk.running import RunningServer

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""


def package(source: str, *, ballast_bytes: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", source)
        if ballast_bytes:
            archive.writestr("ballast.bin", random.Random(1).randbytes(ballast_bytes))
    return buffer.getvalue()


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def make_function(running: RunningServer, source: str, *, ballast_bytes: int = 0) -> str:
    role = running.client("iam").create_role(
        RoleName=unique("role"),
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        ),
    )["Role"]["Arn"]
    made = running.client("lambda").create_function(
        FunctionName=unique("function"),
        Runtime="python3.11",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": package(source, ballast_bytes=ballast_bytes)},
    )
    return str(made["FunctionArn"])


class Api:
    """A REST API under construction."""

    def __init__(self, running: RunningServer, **options: Any) -> None:
        self.running = running
        self.client = running.client("apigateway")
        made = self.client.create_rest_api(name=unique("api"), **options)
        self.id, self.root = made["id"], made["rootResourceId"]

    def method(self, path: str, integration: dict[str, Any], *, verb: str = "GET", **options: Any) -> None:
        """Put a method below the root, ``/name`` or ``/{name}``."""
        resource = self.root
        for part in path.strip("/").split("/"):
            if part:
                resource = self.client.create_resource(restApiId=self.id, parentId=resource, pathPart=part)["id"]
        options = {"authorizationType": "NONE", **options}
        self.client.put_method(restApiId=self.id, resourceId=resource, httpMethod=verb, **options)
        responses = integration.pop("responses", {})
        self.client.put_integration(restApiId=self.id, resourceId=resource, httpMethod=verb, **integration)
        for status, response in responses.items():
            self.client.put_method_response(restApiId=self.id, resourceId=resource, httpMethod=verb, statusCode=status)
            self.client.put_integration_response(
                restApiId=self.id, resourceId=resource, httpMethod=verb, statusCode=status, **response
            )

    def deploy(self) -> None:
        self.client.create_deployment(restApiId=self.id, stageName="prod")


MOCK = {
    "type": "MOCK",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
}


def mock() -> dict[str, Any]:
    return {**MOCK, "responses": {"200": {"responseTemplates": {"application/json": '{"ok": true}'}}}}


def proxy(running: RunningServer, function_arn: str) -> dict[str, Any]:
    region = running.settings.region
    return {
        "type": "AWS_PROXY",
        "integrationHttpMethod": "POST",
        "uri": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations",
    }


def let_gateway_invoke(running: RunningServer, function_arn: str, api: Api) -> None:
    running.client("lambda").add_permission(
        FunctionName=function_arn,
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{running.settings.region}:{running.settings.account}:{api.id}/*/*",
    )


def make_user(running: RunningServer, *statements: dict[str, Any]) -> tuple[str, Credentials]:
    """An IAM user with an inline policy of these statements: its ARN and an access key."""
    iam = running.client("iam")
    name = unique("user")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=json.dumps(document))
    return arn, Credentials(key["AccessKeyId"], key["SecretAccessKey"])
