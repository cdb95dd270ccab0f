from collections.abc import Mapping
from typing import Any

import pytest
from tests.control_plane.support import ACCOUNT, make_caller, make_ports, statement, trail_of
from tests.services.iam.test_authorization import make_call

from yett.policy import MalformedPolicyDocument
from yett.ports.callers import Caller
from yett.ports.errors import Conflict, Unavailable
from yett.services import perform as performing
from yett.services.call import Call, ServiceError
from yett.services.perform import SERVICES, Table, faults_of, perform
from yett.services.permissions.row import ANY_CALLER, UNSIGNED, PassedRole, Permission

ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"


async def echo(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    return {"did": call.operation}


def failing_with(error: Exception) -> Any:
    async def fail(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
        raise error

    return fail


async def only_the_store_knows(call: Call, params: Mapping[str, object]) -> tuple[str, ...]:
    return (f"arn:aws:iam::{call.account}:user/team/{params['UserName']}",)


def table(operation: Any = echo, **given: Any) -> Table:
    values: dict[str, Any] = {
        "operations": dict.fromkeys(("CreateUser", "DeleteUser", "ListUsers", "AddRoleToInstanceProfile"), operation),
        "not_offered": {"CreateVirtualMFADevice": "there is no second factor here"},
        "permissions": {
            "CreateUser": Permission(
                action="iam:CreateUser",
                resource="arn:{partition}:iam::{account}:user{Path}{UserName}",
                condition_keys={"iam:PermissionsBoundary": "PermissionsBoundary"},
                tags="Tags",
                also={"Tags": "iam:TagUser"},
            ),
            "DeleteUser": Permission(action="iam:DeleteUser", resource="never asked"),
            "ListUsers": ANY_CALLER,
            "AddRoleToInstanceProfile": Permission(
                action="iam:AddRoleToInstanceProfile", passes=(PassedRole("RoleName", "ec2.amazonaws.com"),)
            ),
        },
        "resources": {"DeleteUser": only_the_store_knows},
    }
    return Table(**values | given)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(found: Table) -> None:
        monkeypatch.setattr(performing, "table_of", lambda _: found)

    return put


def call_of(operation: str, *statements: Mapping[str, Any], caller: Caller | None = None, **given: Any) -> Call:
    who = caller or make_caller(*statements)
    return make_call(who, operation=operation, ports=make_ports(), **given)


async def refused(call: Call, params: Mapping[str, Any]) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        await perform(call, params)
    return error.value


async def test_what_is_permitted_is_done_and_recorded(use: Any) -> None:
    use(table())
    call = call_of("CreateUser", statement("Allow", "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x/bob"))
    assert await perform(call, {"UserName": "bob", "Path": "/x/"}) == {"did": "CreateUser"}
    assert trail_of(call.ports) == [("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x/bob", "allowed")]


async def test_what_is_not_permitted_is_not_done_but_recorded(use: Any) -> None:
    use(table(failing_with(AssertionError("it was done"))))
    call = call_of("CreateUser", statement("Allow", "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x/*"))
    assert (await refused(call, {"UserName": "bob"})).code == "AccessDenied"
    assert trail_of(call.ports) == [("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/bob", "AccessDenied")]


async def test_input_is_checked_before_anybody_is_asked(use: Any) -> None:
    use(table())
    error = await refused(call_of("CreateUser"), {})
    assert (error.code, error.status) == ("ValidationError", 400)


async def test_tags_need_a_permission_of_their_own(use: Any) -> None:
    use(table())
    params = {"UserName": "bob", "Tags": [{"Key": "team", "Value": "red"}]}
    assert "iam:TagUser" in (await refused(call_of("CreateUser", statement("Allow", "iam:CreateUser")), params)).message
    red = {"StringEquals": {"aws:RequestTag/team": "red"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    allowed = statement("Allow", ["iam:CreateUser", "iam:TagUser"], Condition=red)
    assert await perform(call_of("CreateUser", allowed), params)
    blue = {"UserName": "bob", "Tags": [{"Key": "team", "Value": "blue"}]}
    assert (await refused(call_of("CreateUser", allowed), blue)).code == "AccessDenied"


async def test_the_store_may_know_the_resource_better_than_the_row(use: Any) -> None:
    use(table())
    arn = f"arn:aws:iam::{ACCOUNT}:user/team/bob"
    call = call_of("DeleteUser", statement("Allow", "iam:DeleteUser", arn))
    await perform(call, {"UserName": "bob"})
    assert trail_of(call.ports)[0][1] == arn


async def test_a_role_is_passed_only_with_permission_and_to_the_service_that_was_meant(use: Any) -> None:
    use(table())
    params = {"InstanceProfileName": "p", "RoleName": "worker"}
    act = statement("Allow", "iam:AddRoleToInstanceProfile")
    assert "iam:PassRole" in (await refused(call_of("AddRoleToInstanceProfile", act), params)).message
    for service, is_allowed in (("ec2.amazonaws.com", True), ("lambda.amazonaws.com", False)):
        condition = {"StringEquals": {"iam:PassedToService": service}}
        call = call_of("AddRoleToInstanceProfile", act, statement("Allow", "iam:PassRole", Condition=condition))
        if is_allowed:
            await perform(call, params)
        else:
            assert (await refused(call, params)).code == "AccessDenied"


async def test_an_operation_for_any_caller_still_needs_one(use: Any) -> None:
    use(table())
    await perform(call_of("ListUsers", statement("Deny", "*")), {})
    error = await refused(make_call(None, operation="ListUsers", ports=make_ports()), {})
    assert error.code == "AccessDenied"
    error = await refused(make_call(None, operation="CreateUser", ports=make_ports()), {"UserName": "bob"})
    assert error.code == "AccessDenied"


async def test_what_is_not_offered_is_said_with_its_reason(use: Any) -> None:
    use(table())
    error = await refused(call_of("CreateVirtualMFADevice"), {})
    assert (error.code, error.message) == (
        "InvalidAction",
        "iam:CreateVirtualMFADevice is not available: there is no second factor here",
    )
    assert (await refused(call_of("ListGroups"), {})).code == "InvalidAction"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (Conflict("changed"), "ConcurrentModification"),
        (Unavailable("away"), "ServiceUnavailable"),
        (ServiceError("NoSuchEntity", "gone"), "NoSuchEntity"),
    ],
)
async def test_what_ports_and_operations_refuse_is_named_and_recorded(use: Any, raised: Exception, code: str) -> None:
    use(table(failing_with(raised)))
    call = call_of("CreateUser", statement("Allow", "*"))
    assert (await refused(call, {"UserName": "bob"})).code == code
    assert trail_of(call.ports)[0][2] == code


async def test_a_mistake_of_ours_is_recorded_and_goes_on(use: Any) -> None:
    use(table(failing_with(RuntimeError("oh"))))
    call = call_of("CreateUser", statement("Allow", "*"))
    with pytest.raises(RuntimeError):
        await perform(call, {"UserName": "bob"})
    assert trail_of(call.ports)[0][2] == "InternalFailure"


def test_the_refusals_of_the_policy_library_have_a_code_at_every_service() -> None:
    assert set(performing.MALFORMED_POLICY_CODES) == set(SERVICES)
    assert issubclass(MalformedPolicyDocument, Exception)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"operations": {"CreateUser": echo, "Nonsense": echo}}, "`Nonsense` is not in the model"),
        ({"operations": {"GetUser": echo}}, "`GetUser` has no permission row"),
        ({"operations": {}}, "`CreateUser` has a permission row but no operation"),
        ({"not_offered": {"CreateUser": "why"}}, "`CreateUser` is offered and not offered"),
        ({"permissions": {"CreateUser": UNSIGNED}}, "`CreateUser` and its model disagree about a signature"),
        (
            {"permissions": {"ListUsers": Permission(action="iam:ListUsers", resource="{PathPrefix}")}},
            "the resource of `ListUsers` names `PathPrefix`, which is not required",
        ),
        (
            {"permissions": {"ListUsers": Permission(action="iam:ListUsers", tags="Tags")}},
            "the row of `ListUsers` names no member `Tags`",
        ),
    ],
)
def test_tables_that_do_not_fit_their_model_stop_the_start(given: dict[str, Any], fault: str) -> None:
    assert fault in faults_of("iam", table(**given))


@pytest.mark.parametrize("service", SERVICES)
def test_the_tables_of_every_service_fit_its_model(service: str) -> None:
    assert faults_of(service, performing.table_of(service)) == []
