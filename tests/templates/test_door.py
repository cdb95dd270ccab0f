"""The records of stacks are for whoever may deploy them."""

import msgspec
import pytest
from tests.templates.ground import ACCOUNT, REGION, Ground

from yett.ports.stack_store import StackRecord
from yett.sigv4 import SignedRequest, sign
from yett.templates import door
from yett.values.http import Headers, HttpRequest, HttpResponse, VpcOrigin
from yett.values.secret import Secret

PLACE = f"{door.STACKS}/{REGION}"
HOST = "localhost:4566"


class Client:
    """Signs as a user with these permissions."""

    def __init__(self, ground: Ground, key: str, secret: str) -> None:
        self.ground = ground
        self.key = key
        self.secret = secret

    @classmethod
    async def of(cls, ground: Ground, *actions: str, resource: str = "*", **more: object) -> "Client":
        site = await ground.site()
        await site.do("iam", "CreateUser", {"UserName": "ann"})
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}
        document = msgspec.json.encode({"Version": "2012-10-17", "Statement": statement}).decode()
        params = {"UserName": "ann", "PolicyName": "p", "PolicyDocument": document}
        await site.do("iam", "PutUserPolicy", params)
        key = (await site.do("iam", "CreateAccessKey", {"UserName": "ann"}))["AccessKey"]
        return cls(ground, str(key["AccessKeyId"]), str(key["SecretAccessKey"]))

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        service: str = "cloudformation",
        signed: bool = True,
        origin: VpcOrigin | None = None,
    ) -> HttpResponse:
        now = self.ground.wired.ports.clock.now()
        lines = Headers((("Host", HOST),))
        if signed:
            headers = sign(
                SignedRequest(method, path, "", lines, body),
                access_key_id=self.key,
                secret_access_key=Secret(self.secret),
                session_token=None,
                region=REGION,
                service=service,
                now=now,
            )
            lines = Headers((*lines, *headers))
        request = HttpRequest(
            method=method,
            target=path,
            path=path,
            query="",
            headers=lines,
            body=body,
            scheme="http",
            host="localhost",
            source_ip="127.0.0.1",
            vpc_origin=origin,
            received_at=now,
            request_id="r",
        )
        return await door.answer(request, self.ground.wired.ports)


def record(ground: Ground, name: str = "pets", *, serial: int = 1, stack_id: str = "") -> StackRecord:
    return StackRecord(
        name=name,
        account=ACCOUNT,
        region=REGION,
        stack_id=stack_id or f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1",
        resources=(),
        updated_at=ground.wired.ports.clock.now(),
        serial=serial,
    )


async def test_records_may_be_kept_to_a_vpc(ground: Ground) -> None:
    vpc = {"StringEquals": {"aws:SourceVpc": "vpc-1a2b3c4d"}}
    client = await Client.of(ground, "cloudformation:*", Condition=vpc)
    for there, status in (("vpc-1a2b3c4d", 404), ("vpc-00000000", 403), (None, 403)):
        origin = None if there is None else VpcOrigin(vpc=there, endpoint=None)
        assert (await client.ask("GET", f"{PLACE}/pets", origin=origin)).status == status


async def test_a_record_is_written_read_listed_and_removed(ground: Ground) -> None:
    client = await Client.of(ground, "cloudformation:*")
    assert (await client.ask("GET", f"{PLACE}/pets")).status == 404
    made = record(ground)
    assert (await client.ask("PUT", f"{PLACE}/pets", msgspec.json.encode(made))).status == 204
    read = await client.ask("GET", f"{PLACE}/pets")
    assert msgspec.json.decode(read.body, type=StackRecord) == made
    listed = msgspec.json.decode((await client.ask("GET", PLACE)).body, type=door.Stacks)
    assert [one.name for one in listed.stacks] == ["pets"]
    assert listed.account == ACCOUNT
    assert listed.issuer == "http://localhost:4566/{pool}"
    assert (await client.ask("DELETE", f"{PLACE}/pets")).status == 204
    assert (await client.ask("GET", f"{PLACE}/pets")).status == 404


async def test_a_list_holds_nothing_secret(ground: Ground) -> None:
    text = "Resources:\n  Ann: {Type: AWS::IAM::User}\n"
    text += "  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref Ann}}\n"
    stack = await ground.up(text)
    secret = next(one for one in stack.resources if one.logical_id == "Key").attributes["SecretAccessKey"]
    client = await Client.of(ground, "cloudformation:ListStacks", "cloudformation:DescribeStacks")
    answer = await client.ask("GET", PLACE)
    assert answer.status == 200
    assert secret.encode() not in answer.body
    refused = await client.ask("GET", f"{PLACE}/pets")
    assert refused.status == 403
    assert b"not authorized to perform: cloudformation:UpdateStack" in refused.body


@pytest.mark.parametrize(
    ("actions", "method", "missing"),
    [
        (("cloudformation:UpdateStack",), "PUT", "CreateStack"),
        (("cloudformation:CreateStack",), "DELETE", "DeleteStack"),
        (("cloudformation:UpdateStack",), "GET", "DescribeStacks"),
        (("s3:*",), "LIST", "ListStacks"),
    ],
)
async def test_each_act_needs_its_permission(
    ground: Ground, actions: tuple[str, ...], method: str, missing: str
) -> None:
    client = await Client.of(ground, *actions)
    path, verb = (PLACE, "GET") if method == "LIST" else (f"{PLACE}/pets", method)
    answer = await client.ask(verb, path, msgspec.json.encode(record(ground)) if method == "PUT" else b"")
    assert answer.status == 403
    assert f"not authorized to perform: cloudformation:{missing}".encode() in answer.body


async def test_a_permission_on_another_stack_is_none_on_this_one(ground: Ground) -> None:
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/cats/*"
    client = await Client.of(ground, "cloudformation:*", resource=arn)
    body = msgspec.json.encode(record(ground))
    assert (await client.ask("PUT", f"{PLACE}/pets", body)).status == 403
    cats = msgspec.json.encode(record(ground, "cats"))
    assert (await client.ask("PUT", f"{PLACE}/cats", cats)).status == 204


async def test_without_a_good_signature_for_this_service_nothing_is_told(ground: Ground) -> None:
    client = await Client.of(ground, "*")
    assert (await client.ask("GET", PLACE, signed=False)).status == 403
    assert (await client.ask("GET", PLACE, service="s3")).status == 403
    client.secret = "x" * 40
    assert (await client.ask("GET", PLACE)).status == 403


async def test_a_record_of_another_stack_or_of_nothing_is_refused(ground: Ground) -> None:
    client = await Client.of(ground, "cloudformation:*")
    assert (await client.ask("PUT", f"{PLACE}/pets", msgspec.json.encode(record(ground, "cats")))).status == 400
    assert (await client.ask("PUT", f"{PLACE}/pets", b"{}")).status == 400
    assert (await client.ask("POST", f"{PLACE}/pets")).status == 405
    assert (await client.ask("GET", f"{door.STACKS}/nowhere")).status == 404


async def test_a_record_that_is_not_the_next_one_is_refused(ground: Ground) -> None:
    client = await Client.of(ground, "cloudformation:*")
    assert (await client.ask("PUT", f"{PLACE}/pets", msgspec.json.encode(record(ground)))).status == 204
    assert (await client.ask("PUT", f"{PLACE}/pets", msgspec.json.encode(record(ground)))).status == 409
    again = record(ground, serial=2, stack_id=f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/pets/2")
    assert (await client.ask("PUT", f"{PLACE}/pets", msgspec.json.encode(again))).status == 409


async def test_a_stack_that_has_resources_is_not_forgotten(ground: Ground) -> None:
    await ground.up("Resources:\n  Ann: {Type: AWS::IAM::Group}\n")
    client = await Client.of(ground, "cloudformation:*")
    assert (await client.ask("DELETE", f"{PLACE}/pets")).status == 409
