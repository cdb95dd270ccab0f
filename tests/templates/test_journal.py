"""A deployment that fails, or is cut off, leaves the stack as it was."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.templates.ground import ACCOUNT, REGION, Ground

from yett.ports.errors import Conflict
from yett.ports.iam_store import Role, User
from yett.values.errors import Refusal

STATEMENT = '{Effect: Allow, Action: "dynamodb:GetItem", Resource: "*"}'
TEMPLATE = """\
Parameters:
  Code: {Type: String, Default: "1"}
  Action: {Type: String, Default: "s3:GetObject"}
  Path: {Type: String, Default: /}
  Broken: {Type: String, Default: "no"}
Conditions:
  IsBroken: !Equals [!Ref Broken, "yes"]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: !Ref Action, Resource: "*"}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: !Sub "def handler(event, context): return ${Code}"}
  Clerk:
    Type: AWS::IAM::User
    Properties: {UserName: clerk, Path: !Ref Path}
  Keeper:
    Type: AWS::IAM::User
  Pool:
    Type: AWS::Cognito::UserPool
    Properties: {UserPoolName: customers}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties: {UserPoolId: !Ref Pool, ClientName: web}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: pets
      Description: !Ref Action
      Body:
        swagger: "2.0"
        info: {title: pets}
        paths:
          /a:
            get:
              x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode": 200}'}}
  Deployment:
    Type: AWS::ApiGateway::Deployment
    Properties: {RestApiId: !Ref Api, Description: !Ref Code}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: prod}
  Last:
    Type: AWS::IAM::AccessKey
    DependsOn: [Stage, Client, Function]
    Properties: {UserName: !If [IsBroken, nobody, !Ref Keeper]}
"""
CHANGED = {"Code": "2", "Action": "s3:PutObject", "Path": "/staff/"}


async def everything(ground: Ground) -> dict[str, Any]:
    """All that a deployment may touch."""
    site = await ground.site()
    functions = (await site.do("lambda", "ListFunctions", {}))["Functions"]
    apis = (await site.do("apigateway", "GetRestApis", {}))["items"]
    pools = (await site.do("cognito-idp", "ListUserPools", {"MaxResults": 60}))["UserPools"]
    roles = [one["RoleName"] for one in (await site.do("iam", "ListRoles", {}))["Roles"]]
    users = (await site.do("iam", "ListUsers", {}))["Users"]
    store = ground.wired.ports.iam_store
    found: dict[str, Any] = {
        "functions": sorted((one["FunctionName"], one["CodeSha256"]) for one in functions),
        "roles": {name: (await stored(store, Role, name)).inline_policies for name in sorted(roles)},
        "users": sorted((one["UserName"], one["Path"]) for one in users),
        "keys": [],
        "apis": [],
        "clients": [],
    }
    for one in users:
        keys = await site.do("iam", "ListAccessKeys", {"UserName": one["UserName"]})
        found["keys"] += [key["AccessKeyId"] for key in keys["AccessKeyMetadata"]]
    for api in apis:
        place = {"restApiId": api["id"]}
        stages = (await site.do("apigateway", "GetStages", place))["item"]
        deployments = (await site.do("apigateway", "GetDeployments", place))["items"]
        resources = (await site.do("apigateway", "GetResources", place))["items"]
        found["apis"].append(
            (
                api["id"],
                api.get("description"),
                [(one["stageName"], one["deploymentId"]) for one in stages],
                sorted(one["id"] for one in deployments),
                sorted(one["path"] for one in resources),
            )
        )
    for pool in pools:
        asked = {"UserPoolId": pool["Id"], "MaxResults": 60}
        clients = (await site.do("cognito-idp", "ListUserPoolClients", asked))["UserPoolClients"]
        found["clients"].append((pool["Id"], [(one["ClientId"], one["ClientName"]) for one in clients]))
    return json.loads(json.dumps(found, default=str))


async def stored(store: Any, kind: Any, name: str) -> Any:
    found = await store.find(kind, ACCOUNT, name)
    assert found is not None
    return found


async def test_a_failed_change_leaves_everything_as_it_was(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    before = await everything(ground)
    reason = await ground.refusal(TEMPLATE, **CHANGED, Broken="yes")
    assert "`Last` (AWS::IAM::AccessKey)" in reason
    assert {event.action for event in ground.events if event.logical_id == "Role"} == {"update", "undo"}
    after = await everything(ground)
    assert after["keys"] == before["keys"]
    assert after == before
    assert not (await ground.up(TEMPLATE)).changed


async def test_a_failed_first_deployment_leaves_nothing(ground: Ground) -> None:
    empty = await everything(ground)
    await ground.refusal(TEMPLATE, Broken="yes")
    assert await everything(ground) == empty
    assert (await ground.left())[3] is None


async def test_a_replaced_resource_stays_until_the_deployment_has_succeeded(ground: Ground) -> None:
    renamed = TEMPLATE.replace("UserName: clerk, Path: !Ref Path", "Path: !Ref Path")
    await ground.up(renamed)
    await ground.up(renamed, **CHANGED)
    done = [(event.action, event.logical_id) for event in ground.events if event.state == "done"]
    assert ("replace", "Clerk") in done
    assert done.index(("delete", "Clerk")) > done.index(("update", "Stage"))
    assert len((await everything(ground))["users"]) == 2


async def test_what_was_lost_on_the_way_back_is_said(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    await ground.refusal(TEMPLATE, Path="/staff/", Broken="yes")
    (undone,) = [event for event in ground.events if (event.logical_id, event.action) == ("Clerk", "undo")]
    assert undone.detail.startswith("made again; what was in it is lost")


async def test_code_that_is_kept_no_longer_is_named(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    for package in (ground.home / "packages").iterdir():
        package.unlink()
    await ground.refusal(TEMPLATE, **CHANGED, Broken="yes")
    said = [event.detail for event in ground.events if (event.logical_id, event.state) == ("Function", "failed")]
    assert said == ["cannot be undone: its former code is no longer kept in this home"]
    await ground.up(TEMPLATE)
    assert not (await ground.up(TEMPLATE)).changed


async def test_a_setting_that_goes_gets_its_default(ground: Ground) -> None:
    stack = await ground.up(TEMPLATE)
    await ground.up(TEMPLATE.replace("      Description: !Ref Action\n", ""))
    site = await ground.site()
    (api,) = (await site.do("apigateway", "GetRestApis", {}))["items"]
    assert api["id"] == stack.apis[0].api_id
    assert not api.get("description")


async def test_two_deployments_of_a_stack_do_not_write_over_each_other(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    stacks = ground.wired.ports.stack_store
    record = await stacks.find(ACCOUNT, REGION, "pets")
    assert record is not None
    with pytest.raises(Conflict):
        await stacks.put(record)


async def test_retained_resources_stay_when_they_leave_the_template(ground: Ground) -> None:
    kept = TEMPLATE.replace("    Type: AWS::IAM::User\n", "    Type: AWS::IAM::User\n    DeletionPolicy: Retain\n")
    await ground.up(kept)
    await ground.up("Resources:\n  Other:\n    Type: AWS::IAM::Group\n    Properties: {GroupName: others}\n")
    assert await ground.wired.ports.iam_store.find(User, ACCOUNT, "clerk") is not None
    assert any((event.logical_id, event.action) == ("Clerk", "retain") for event in ground.events)


async def test_another_deletion_policy_is_refused_with_its_line(ground: Ground) -> None:
    text = "Resources:\n  Other:\n    Type: AWS::IAM::Group\n    DeletionPolicy: Snapshot\n"
    assert (await ground.refusal(text)).startswith("template.yaml:4: `Other`: `DeletionPolicy: Snapshot`")


# -- kill -9

ROUNDS = int(os.environ.get("YETT_CRASH_ROUNDS", "10"))
WORKER = """
import asyncio, json, os, signal, sys
from pathlib import Path
from tests.templates.ground import Ground
from tests.templates.test_journal import TEMPLATE
import yett.templates.site as site

count, kill_at = 0, -1
real = site.LocalSite.do

def tick():
    global count
    count += 1
    if count == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

async def do(self, service, operation, params):
    reads = operation.startswith(("Get", "List", "Describe", "AdminGet", "AdminList"))
    if not reads:
        tick()  # before it acts
    answer = await real(self, service, operation, params)
    if not reads:
        tick()  # when it has acted, and nobody has noted it
    return answer

site.LocalSite.do = do

async def deploy(home, parameters):
    ground = Ground(Path(home))
    try:
        await ground.up(TEMPLATE, **parameters)
    finally:
        await ground.wired.close()

for line in sys.stdin:
    home, kill_at, parameters = json.loads(line)
    child = os.fork()
    if not child:
        asyncio.run(deploy(home, parameters))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Mortal:
    """Deploys in processes that are killed."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def deploy(self, home: Path, kill_at: int, **parameters: str) -> None:
        """Deploy in a process that is killed at its act of that number, if it comes to it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(home), kill_at, parameters]) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() in ("0", str(-signal.SIGKILL))

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture(scope="module")
def mortal() -> Iterator[Mortal]:
    mortal = Mortal()
    yield mortal
    mortal.close()


@pytest.mark.parametrize("round_number", range(ROUNDS))
async def test_a_killed_deployment_leaves_no_orphan(tmp_path: Path, mortal: Mortal, round_number: int) -> None:
    kill_at = random.Random(round_number).randrange(1, 40)
    is_first = round_number % 2 == 0
    if not is_first:
        mortal.deploy(tmp_path, -1)
    mortal.deploy(tmp_path, kill_at, **CHANGED)
    ground = Ground(tmp_path)
    try:
        if round_number % 4 < 2:
            await ground.up(TEMPLATE, **CHANGED)
        else:
            with pytest.raises(Refusal):
                await ground.up(TEMPLATE, **CHANGED, Broken="yes")
            await ground.up(TEMPLATE)
        found = await everything(ground)
        assert [len(found[name]) for name in ("functions", "roles", "users", "keys", "apis", "clients")] == [
            1,
            1,
            2,
            1,
            1,
            1,
        ]
        (api,) = found["apis"]
        assert len(api[3]) == 1
        ((_, clients),) = found["clients"]
        assert [name for _, name in clients] == ["web"]
        await ground.up("Resources:\n  Other:\n    Type: AWS::IAM::Group\n")
        left = await everything(ground)
        assert not any(left.values())
    finally:
        await ground.wired.close()
