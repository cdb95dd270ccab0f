"""What the soak calls: an API with every mechanism, its users and tokens, and the switches that say who may now."""

import json
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials
from tests.sdk.making import package, unique
from tests.security.serving import Served
from tests.soak.timeline import Disturbances, Switch

REGION = "us-east-1"
PASSWORD = "Correct-horse-7"
TTL_SECONDS = 1
ECHO = """
import os, time
def handler(event, context):
    fault = (event.get("headers") or {}).get("X-Soak-Fault")
    if fault == "exit":
        os._exit(3)
    if fault == "raise":
        raise RuntimeError("asked for")
    if fault == "garbage":
        return ["no proxy response"]
    return {"statusCode": 200, "body": event["queryStringParameters"]["nonce"]}
"""
AUTHORIZER = """
import os, time
def handler(event, context):
    token = event["authorizationToken"]
    with open(os.environ["MODE_FILE"]) as file:
        mode = file.read().strip()
    if mode == "slow":
        time.sleep(0.7)
    if mode == "fail":
        raise RuntimeError("out of order")
    if mode == "exit":
        os._exit(3)
    if token.startswith("nobody"):
        raise Exception("Unauthorized")
    may = token.startswith("good") or (token.startswith("toggle") and mode != "closed")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if may else "Deny", "Resource": "*"}
    return {"principalId": token, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""
ALLOW = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def by_address(network: str) -> str:
    condition = {"IpAddress": {"aws:SourceIp": network}}
    return document({**ALLOW, "Principal": "*", "Resource": "execute-api:/*", "Condition": condition})


class World:
    """Everything on the server, and what must hold of it. Methods block: they are called in threads."""

    def __init__(self, served: Served, backend_port: int, mode_file: Path, *, settle_seconds: float) -> None:
        self.served = served
        self.settle_seconds = settle_seconds
        self.disturbances = Disturbances()
        self.user_may = Switch(True)
        self.key_is_active = Switch(True)
        self.changing_is_open = Switch(True)
        self.office_is_open = Switch(True)
        self.toggle_may = Switch(True)
        self.pool_is_current = Switch(True)
        self.table_is_there = Switch(True)
        self.mode_file = mode_file
        self.mode("open")
        self.iam = served.client("iam")
        self.gateway = served.client("apigateway")
        self.functions = served.client("lambda")
        self.cognito = served.client("cognito-idp")
        self.dynamodb = served.client("dynamodb")
        self.user_name, self.user = self.make_user(ALLOW)
        _, self.nobody = self.make_user()
        reads = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
        _, self.reader = self.make_user(reads)
        self.make_table()
        self.echo = self.make_function(ECHO, {})
        self.authorizer = self.make_function(AUTHORIZER, {"MODE_FILE": str(mode_file)})
        self.pool_id, self.pool_arn, self.tokens = self.make_pool()
        _, _, self.foreign_tokens = self.make_pool()
        self.old_tokens = dict(self.foreign_tokens)  # until a pool is gone, somebody else's
        self.make_api(backend_port)
        self.make_office()

    def mode(self, mode: str) -> None:
        """How the authorizer behaves from its next invocation on."""
        new = self.mode_file.with_suffix(".new")
        new.write_text(mode)
        new.replace(self.mode_file)

    def make_user(self, *statements: dict[str, Any]) -> tuple[str, Credentials]:
        name = unique("user")
        self.iam.create_user(UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        return name, Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def make_function(self, source: str, variables: dict[str, str]) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = self.iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        arn = self.functions.create_function(
            FunctionName=unique("function"),
            Runtime="python3.11",
            Handler="app.handler",
            Role=role,
            Timeout=20,
            Code={"ZipFile": package(source)},
            Environment={"Variables": variables},
        )["FunctionArn"]
        self.functions.add_permission(
            FunctionName=arn,
            StatementId="gateway",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
        return str(arn)

    def make_pool(self) -> tuple[str, str, dict[str, str]]:
        pool = self.cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]
        client = self.cognito.create_user_pool_client(
            UserPoolId=pool["Id"], ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        self.cognito.admin_create_user(UserPoolId=pool["Id"], Username="ann", MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(UserPoolId=pool["Id"], Username="ann", Password=PASSWORD, Permanent=True)
        tokens = self.cognito.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        return pool["Id"], pool["Arn"], tokens

    def make_table(self) -> None:
        key = {"AttributeName": "id", "KeyType": "HASH"}
        self.dynamodb.create_table(
            TableName="soak",
            KeySchema=[key],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def proxy(self, function: str) -> str:
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"

    def make_api(self, backend_port: int) -> None:
        api = self.gateway.create_rest_api(name="soak")
        self.api_id, root = api["id"], api["rootResourceId"]
        source = {"identitySource": "method.request.header.Authorization", "restApiId": self.api_id}
        lambda_ = self.gateway.create_authorizer(
            name="lambda", type="TOKEN", authorizerUri=self.proxy(self.authorizer),
            authorizerResultTtlInSeconds=TTL_SECONDS, **source,
        )["id"]  # fmt: skip
        self.pool_authorizer = self.gateway.create_authorizer(
            name="pool", type="COGNITO_USER_POOLS", providerARNs=[self.pool_arn], **source
        )["id"]
        http = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": f"http://127.0.0.1:{backend_port}/x"}
        echo = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": self.proxy(self.echo)}
        pool = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": self.pool_authorizer}
        self.method(root, "http", http, authorizationType="NONE")
        self.method(root, "function", echo, authorizationType="NONE")
        self.method(root, "iam", http, authorizationType="AWS_IAM")
        self.method(root, "lambda", http, authorizationType="CUSTOM", authorizerId=lambda_)
        self.method(root, "pool", http, **pool)
        self.method(root, "scoped", http, **pool, authorizationScopes=["aws.cognito.signin.user.admin"])
        self.changing = self.method(root, "changing", http, authorizationType="NONE")
        self.deploy()

    def method(self, root: str, name: str, integration: dict[str, str], **options: Any) -> str:
        resource = self.gateway.create_resource(restApiId=self.api_id, parentId=root, pathPart=name)["id"]
        at = {"restApiId": self.api_id, "resourceId": resource, "httpMethod": "GET"}
        self.gateway.put_method(**at, **options)
        self.gateway.put_integration(**at, **integration)
        return str(resource)

    def make_office(self) -> None:
        api = self.gateway.create_rest_api(name="office", policy=by_address("127.0.0.1/32"))
        self.office_id = api["id"]
        at = {"restApiId": self.office_id, "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        self.gateway.put_method(**at, authorizationType="NONE")
        self.gateway.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        self.gateway.put_method_response(**at, statusCode="200")
        self.gateway.put_integration_response(**at, statusCode="200")
        self.gateway.create_deployment(restApiId=self.office_id, stageName="prod")

    def deploy(self) -> None:
        self.gateway.create_deployment(restApiId=self.api_id, stageName="prod")

    # -- changes: each throws a switch

    def turn(self, switch: Switch[bool], value: bool, change: Any, *, after_seconds: float = 0.0) -> None:
        """Throw a switch by a change that the server acknowledges."""
        switch.begin(value)
        change()
        switch.settle(value, after_seconds=self.settle_seconds + after_seconds)

    def let_user(self, may: bool) -> None:
        statement = {**ALLOW, "Effect": "Allow" if may else "Deny"}
        self.turn(self.user_may, may, lambda: self.iam.put_user_policy(
            UserName=self.user_name, PolicyName="p", PolicyDocument=document(statement)))  # fmt: skip

    def activate_key(self, is_active: bool) -> None:
        status = "Active" if is_active else "Inactive"
        self.turn(self.key_is_active, is_active, lambda: self.iam.update_access_key(
            UserName=self.user_name, AccessKeyId=self.user.access_key, Status=status))  # fmt: skip

    def open_changing(self, is_open: bool) -> None:
        kind = "NONE" if is_open else "AWS_IAM"

        def change() -> None:
            self.gateway.update_method(
                restApiId=self.api_id, resourceId=self.changing, httpMethod="GET",
                patchOperations=[{"op": "replace", "path": "/authorizationType", "value": kind}],
            )  # fmt: skip
            self.deploy()

        self.turn(self.changing_is_open, is_open, change)

    def open_office(self, is_open: bool) -> None:
        policy = by_address("127.0.0.1/32" if is_open else "203.0.113.0/24")

        def change() -> None:
            operation = {"op": "replace", "path": "/policy", "value": policy}
            self.gateway.update_rest_api(restApiId=self.office_id, patchOperations=[operation])
            self.gateway.create_deployment(restApiId=self.office_id, stageName="prod")

        self.turn(self.office_is_open, is_open, change)

    def let_toggle(self, may: bool) -> None:
        """The authorizer changes its mind; what it said before is good until its answers expire."""
        change = lambda: self.mode("open" if may else "closed")  # noqa: E731
        self.turn(self.toggle_may, may, change, after_seconds=TTL_SECONDS + 1.0)

    def rotate_pool(self) -> None:
        """Another pool, with other keys, takes the place of the one that was; what that one vouched for is void."""
        pool_id, arn, tokens = self.make_pool()
        old_id, old_arn = self.pool_id, self.pool_arn
        self.pool_is_current.begin(False)
        self.gateway.update_authorizer(
            restApiId=self.api_id, authorizerId=self.pool_authorizer,
            patchOperations=[{"op": "add", "path": "/providerARNs", "value": arn},
                             {"op": "remove", "path": "/providerARNs", "value": old_arn}],
        )  # fmt: skip
        self.deploy()
        self.cognito.delete_user_pool(UserPoolId=old_id)
        self.old_tokens = dict(self.tokens)
        self.pool_id, self.pool_arn, self.tokens = pool_id, arn, tokens
        self.pool_is_current.settle(True, after_seconds=self.settle_seconds)
