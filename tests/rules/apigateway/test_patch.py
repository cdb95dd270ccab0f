"""JSON patch."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.apigateway.errors import ApiRefused, BadRequest, NotFound, NotOffered
from yett.rules.apigateway.patch import (
    API,
    AUTHORIZER,
    GATEWAY_RESPONSE,
    INTEGRATION,
    METHOD,
    Holds,
    parse_operations,
    patch,
    row,
)

TABLES = [API, METHOD, INTEGRATION, AUTHORIZER, GATEWAY_RESPONSE]
KEYS = st.text(alphabet="ab/~.-", min_size=1, max_size=6)


def one(op: str, path: str | None, value: str | None = None) -> Any:
    return parse_operations([{"op": op, "path": path, "value": value}])


def escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


@given(KEYS, st.text(min_size=1, max_size=5))
def test_what_is_added_is_there_and_what_is_removed_is_gone(key: str, value: str) -> None:
    path = f"/requestTemplates/{escape(key)}"
    added = patch({}, one("add", path, value), INTEGRATION)
    assert added == {"requestTemplates": {key: value}}
    assert patch(added, one("replace", path, "other"), INTEGRATION) == {"requestTemplates": {key: "other"}}
    assert patch(added, one("remove", path), INTEGRATION) == {"requestTemplates": {}}


@given(
    st.sampled_from(TABLES),
    st.lists(
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["add", "remove", "replace", "copy", "move", "test", "eat", None]),
                "path": st.one_of(
                    st.none(),
                    st.sampled_from(sorted({path for table in TABLES for path in table})),
                    st.text(alphabet="/ab~01", max_size=8),
                ),
                "value": st.one_of(st.none(), st.text(max_size=5)),
            }
        ),
        max_size=4,
    ),
)
def test_a_patch_answers_or_refuses_and_leaves_what_it_was_given(table: Any, operations: list[dict[str, Any]]) -> None:
    document = {"name": "x", "binaryMediaTypes": ["a"], "requestParameters": {"a": True}}
    before = copy.deepcopy(document)
    with suppress(ApiRefused):
        patch(document, parse_operations(operations), table)
    assert document == before


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=3), max_size=6))
def test_a_list_holds_each_value_once(values: list[str]) -> None:
    operations = parse_operations([{"op": "add", "path": "/providerARNs", "value": value} for value in values])
    assert patch({}, operations, AUTHORIZER).get("providerARNs", []) == list(dict.fromkeys(values))


def test_a_wrong_path_is_told_in_the_recorded_words() -> None:
    # spec 08, no. 27: the texts of an API key's table
    names = ("description", "enabled", "name", "customerId")
    keys = {f"/{name}": row(Holds.BOOLEAN if name == "enabled" else Holds.TEXT, "replace") for name in names}
    with pytest.raises(BadRequest) as refused:
        patch({}, one("replace", "/id", "x"), keys)
    assert refused.value.message == (
        "Invalid patch path  '/id' specified for op 'replace'. "
        "Must be one of: [/description, /enabled, /name, /customerId]"
    )
    assert patch({}, one("replace", "/enabled", "perhaps"), keys) == {"enabled": False}


@pytest.mark.parametrize("path", [None, ""])
def test_no_path_is_null(path: str | None) -> None:
    with pytest.raises(BadRequest, match=r"Invalid patch path null$"):
        one("replace", path)


def test_what_is_not_there_is_not_replaced() -> None:
    with pytest.raises(NotFound, match="Invalid parameter name specified"):
        patch({}, one("replace", "/responseTemplates/x", "y"), GATEWAY_RESPONSE)


@pytest.mark.parametrize(
    ("path", "table"),
    [("/requestValidatorId", METHOD), ("/tlsConfig/insecureSkipVerification", INTEGRATION), ("/securityPolicy", API)],
)
def test_what_is_not_offered_is_named(path: str, table: Any) -> None:
    with pytest.raises(NotOffered) as refused:
        patch({}, one("replace", path, "x"), table)
    assert path in refused.value.message
