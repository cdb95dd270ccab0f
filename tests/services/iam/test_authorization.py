from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs
from tests.control_plane.support import ACCOUNT, OTHER, make_caller, make_ports, statement

from yett.policy import NO_CONTEXT, Kind, NamedPolicy, Wording, compile_policies, parse_stored_policy
from yett.ports.callers import Caller
from yett.services.call import Call, ServiceError
from yett.services.iam.authorization import account_of, authorize, context_of, owner_keys
from yett.values.http import VpcOrigin

BUCKET = f"arn:aws:iam::{ACCOUNT}:role/"


def refusal(caller: Caller, action: str, *resources: str, wording: Wording = Wording.CURRENT) -> str:
    with pytest.raises(ServiceError) as error:
        authorize(caller, action, resources, NO_CONTEXT, wording)
    assert error.value.code == "AccessDenied"
    return error.value.message


def test_every_resource_must_be_allowed() -> None:
    caller = make_caller(statement("Allow", "iam:GetRole", f"{BUCKET}a"))
    authorize(caller, "iam:GetRole", (f"{BUCKET}a",), NO_CONTEXT, Wording.CURRENT)
    assert refusal(caller, "iam:GetRole", f"{BUCKET}a", f"{BUCKET}b") == (
        f"User: {caller.identity.arn} is not authorized to perform: iam:GetRole on resource: {BUCKET}b "
        "because no identity-based policy allows the iam:GetRole action"
    )


def test_no_resource_counts_as_all() -> None:
    assert "on resource: * because" in refusal(make_caller(statement("Allow", "iam:*", f"{BUCKET}a")), "iam:ListRoles")
    authorize(make_caller(statement("Allow", "iam:*")), "iam:ListRoles", (), NO_CONTEXT, Wording.CURRENT)


def test_policies_may_ask_whose_the_resource_is() -> None:
    perimeter = statement("Deny", "*", Condition={"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}})
    caller = make_caller(statement("Allow", "*"), perimeter)
    authorize(caller, "iam:GetRole", (f"{BUCKET}a", "*"), NO_CONTEXT, Wording.CURRENT)
    denied = refusal(caller, "iam:GetRole", f"arn:aws:iam::{OTHER}:role/a")
    assert denied.endswith(" with an explicit deny in an identity-based policy")


def test_of_a_resource_of_the_callers_account_the_organization_is_known_too() -> None:
    identity = structs.replace(make_caller().identity, organization_id="o-a", organization_paths=("o-a/r-b/",))
    assert owner_keys(ACCOUNT, identity) == {
        "aws:ResourceAccount": ACCOUNT,
        "aws:ResourceOrgID": "o-a",
        "aws:ResourceOrgPaths": ("o-a/r-b/",),
    }
    assert owner_keys(OTHER, identity) == {"aws:ResourceAccount": OTHER}
    assert owner_keys(ACCOUNT, make_caller().identity) == {"aws:ResourceAccount": ACCOUNT}


@pytest.mark.parametrize(
    ("action", "resource", "bound"),
    [
        ("cognito-idp:DeleteUserPool", f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/p", True),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t", True),
        ("cognito-idp:ListUserPools", "*", False),
        ("iam:GetRole", f"{BUCKET}a", False),
        ("lambda:GetFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f", False),
    ],
)
def test_resource_control_binds_the_resources_of_the_services_that_know_it(
    action: str, resource: str, bound: bool
) -> None:
    document = {"Statement": statement("Deny", "*", Principal="*"), "Version": "2012-10-17"}
    level = compile_policies([NamedPolicy("rcp", parse_stored_policy(document, kind=Kind.RCP))], actions=None)
    for name, is_root in (("dev", False), ("root", True)):
        caller = make_caller(statement("Allow", "*"), name=name, is_root=is_root)
        caller = structs.replace(caller, resource_control=(level,))
        if bound:
            assert refusal(caller, action, resource).endswith(" with an explicit deny in a resource control policy")
        else:
            authorize(caller, action, (resource,), NO_CONTEXT, Wording.CURRENT)


def test_a_denial_has_two_wordings() -> None:
    caller = make_caller(statement("Allow", "*"), statement("Deny", "iam:*"))
    assert refusal(caller, "iam:ListRoles").endswith(" with an explicit deny in an identity-based policy")
    assert refusal(caller, "iam:ListRoles", wording=Wording.LEGACY).endswith("on resource: * with an explicit deny")


def test_root_may_do_everything_in_its_own_account_only() -> None:
    root = make_caller(name="root", is_root=True)
    authorize(root, "iam:GetRole", (f"{BUCKET}a", "arn:aws:iam::aws:policy/X", "*"), NO_CONTEXT, Wording.CURRENT)
    refusal(root, "lambda:GetFunction", f"arn:aws:lambda:us-east-1:{OTHER}:function:f")


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        (f"{BUCKET}a", ACCOUNT),
        ("arn:aws:iam::aws:policy/X", None),
        ("arn:aws:apigateway:r::/restapis", None),
        ("*", None),
    ],
)
def test_an_arn_names_an_account_or_none(arn: str, account: str | None) -> None:
    assert account_of(arn) == account


def test_what_the_caller_is_cannot_be_said_by_a_parameter() -> None:
    caller = make_caller()
    call = make_call(caller)
    context = context_of(call, {"aws:PrincipalArn": "arn:forged", "AWS:username": "root", "iam:PolicyARN": "p"})
    assert context["aws:principalarn"] == (caller.identity.arn,)
    assert context["aws:username"] == ("dev",)
    assert context["iam:policyarn"] == ("p",)
    assert context["aws:sourceip"] == ("192.0.2.1",)
    assert context["aws:requestedregion"] == ("us-east-1",)  # IAM's one Region, whatever the signature names
    assert context["aws:securetransport"] == ("true",)
    assert context["aws:useragent"] == ("sdk",)


@pytest.mark.parametrize(
    ("origin", "keys"),
    [
        (None, {"aws:sourceip": ("192.0.2.1",)}),
        (
            VpcOrigin(vpc="vpc-1a2b3c4d", endpoint="vpce-1a2b3c4d"),
            {
                "aws:vpcsourceip": ("192.0.2.1",),
                "aws:sourcevpc": ("vpc-1a2b3c4d",),
                "aws:sourcevpce": ("vpce-1a2b3c4d",),
            },
        ),
        (VpcOrigin(vpc=None, endpoint=None), {"aws:vpcsourceip": ("192.0.2.1",)}),
    ],
)
def test_a_call_through_a_vpc_endpoint_has_other_keys_for_where_it_comes_from(
    origin: VpcOrigin | None, keys: dict[str, tuple[str, ...]]
) -> None:
    context = context_of(make_call(make_caller(), vpc_origin=origin))
    names = ("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce")
    assert {name: context[name] for name in names if name in context} == keys


def test_the_age_of_a_second_factor_is_counted_from_the_call() -> None:
    caller = make_caller()
    identity = structs.replace(caller.identity, mfa_authenticated_at=datetime(2026, 1, 2, 3, 3, 5, tzinfo=UTC))
    context = context_of(make_call(structs.replace(caller, identity=identity)))
    assert context["aws:multifactorauthage"] == ("60",)


def make_call(caller: Caller | None, **given: Any) -> Call:
    values: dict[str, Any] = {
        "service": "iam",
        "operation": "GetUser",
        "caller": caller,
        "account": ACCOUNT,
        "region": "eu-west-1",
        "now": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "request_id": "r",
        "source_ip": "192.0.2.1",
        "secure_transport": True,
        "user_agent": "sdk",
        "ports": make_ports(),
    }
    return Call(**values | given)
