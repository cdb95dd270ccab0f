import json

import pytest

from yett.rules.iam.principals import kept_ids, named_entities, replace_principals

ANN, OPS = "arn:aws:iam::123456789012:user/x/ann", "arn:aws:iam::123456789012:role/ops"
ANN_ID = "AIDAEXAMPLEEXAMPLE001"


def policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ({"Principal": {"AWS": ANN}}, [ANN]),
        ({"Principal": {"AWS": [ANN, OPS, ANN, "123456789012", ANN_ID]}}, [ANN, OPS]),
        ({"Principal": {"AWS": ["*", "arn:aws:iam::123456789012:root"], "Service": "a.amazonaws.com"}}, []),
        ({"Principal": {"AWS": "arn:aws:sts::123456789012:assumed-role/ops/session"}}, []),
        ({"Principal": "*"}, []),
        ({"NotPrincipal": {"AWS": ANN}}, []),
        ({"Condition": {"ArnEquals": {"aws:PrincipalArn": ANN}}}, []),
    ],
)
def test_users_and_roles_are_found_where_principals_are(statement: dict[str, object], names: list[str]) -> None:
    assert named_entities(policy(statement)) == names
    one = json.dumps({"Statement": statement})
    assert named_entities(one) == names


def test_names_are_replaced_in_principals_alone() -> None:
    condition = {"ArnEquals": {"aws:PrincipalArn": ANN}}
    text = policy(
        {"Principal": {"AWS": [ANN, OPS]}, "Condition": condition},
        {"Principal": {"AWS": ANN}},
        {"NotPrincipal": {"AWS": ANN}},
    )
    kept = replace_principals(text, {ANN: ANN_ID})
    assert kept_ids(kept) == [ANN_ID]
    first, second, third = json.loads(kept)["Statement"]
    assert first == {"Principal": {"AWS": [ANN_ID, OPS]}, "Condition": condition}
    assert second == {"Principal": {"AWS": ANN_ID}}
    assert third == {"NotPrincipal": {"AWS": ANN}}
    assert json.loads(replace_principals(kept, {ANN_ID: ANN})) == json.loads(text)


def test_a_policy_without_them_stays_to_the_letter() -> None:
    text = policy({"Principal": "*"})
    assert replace_principals(text, {}) is text
