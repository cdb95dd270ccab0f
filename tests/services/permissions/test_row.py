from yett.services.permissions.row import Permission

ACCOUNT = "123456789012"


def resources(row: Permission, **params: object) -> tuple[str, ...]:
    return row.resources(params, account=ACCOUNT, region="eu-west-1")


def test_a_template_is_filled_from_place_and_parameters() -> None:
    row = Permission(action="iam:CreateRole", resource="arn:{partition}:iam::{account}:role{Path}{RoleName}")
    assert resources(row, RoleName="r") == (f"arn:aws:iam::{ACCOUNT}:role/r",)
    assert resources(row, RoleName="r", Path="/a/") == (f"arn:aws:iam::{ACCOUNT}:role/a/r",)
    assert row.members() == {"Path", "RoleName"}


def test_what_a_parameter_holds_is_not_filled_again() -> None:
    row = Permission(action="x:Y", resource="arn:aws:x:{region}::{Name}")
    assert resources(row, Name="{account}") == ("arn:aws:x:eu-west-1::{account}",)


def test_a_function_may_say_the_resources() -> None:
    row = Permission(action="x:Y", resource=lambda params, account, region: (f"{account}/{region}/{params['N']}",))
    assert resources(row, N=1) == (f"{ACCOUNT}/eu-west-1/1",)
    assert row.members() == frozenset()


def test_condition_keys_come_from_members_tags_and_functions() -> None:
    row = Permission(
        action="x:Y",
        condition_keys={
            "iam:PolicyARN": "PolicyArn",
            "x:Deep": "A.B",
            "x:Many": "List",
            "x:Flag": "Flag",
            "x:Absent": "Nothing",
            "x:Made": lambda params: ("made",),
        },
        tags="Tags",
    )
    given = {
        "PolicyArn": "arn:p",
        "A": {"B": 1},
        "List": ["a", "b"],
        "Flag": True,
        "Tags": [{"Key": "k", "Value": "v"}, {"Key": "empty"}],
    }
    assert row.context(given) == {
        "iam:PolicyARN": ("arn:p",),
        "x:Deep": ("1",),
        "x:Many": ("a", "b"),
        "x:Flag": ("true",),
        "x:Made": ("made",),
        "aws:RequestTag/k": ("v",),
        "aws:RequestTag/empty": ("",),
        "aws:TagKeys": ("k", "empty"),
    }


def test_tags_may_be_a_map_and_tag_keys_a_list() -> None:
    assert Permission(action="x:Y", tags="tags").context({"tags": {"k": "v"}}) == {
        "aws:RequestTag/k": ("v",),
        "aws:TagKeys": ("k",),
    }
    assert Permission(action="x:Y", tag_keys="TagKeys").context({"TagKeys": ["a"]}) == {"aws:TagKeys": ("a",)}
    assert Permission(action="x:Y", tags="tags", tag_keys="keys").context({}) == {}
