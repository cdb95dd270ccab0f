"""What a DynamoDB request asks of its caller's policies: actions and ARNs, from its parameters alone.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from yett.values.arn import Arn, NotAnArn
from yett.values.errors import Refusal
from yett.values.identifiers import is_account_id

Params = Mapping[str, Any]
PARTITION: Final = "aws"
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
TABLE: Final = re.compile(r"table/[A-Za-z0-9_.-]{1,255}")

ON_TABLE: Final = frozenset(
    {
        "CreateTable",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "UpdateContinuousBackups",
        "UpdateTable",
        "UpdateTimeToLive",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "UpdateItem",
    }
)
ON_TABLE_OR_INDEX: Final = frozenset({"Query", "Scan"})
ON_ARN: Final = frozenset({"ListTagsOfResource", "TagResource", "UntagResource"})
ON_ALL: Final = frozenset({"DescribeEndpoints", "DescribeLimits", "ListTables"})
BATCHES: Final = frozenset({"BatchGetItem", "BatchWriteItem"})
# member of a TransactItems element -> the action asked for
TRANSACTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "TransactGetItems": {"Get": "GetItem"},
    "TransactWriteItems": {
        "ConditionCheck": "ConditionCheckItem",
        "Delete": "DeleteItem",
        "Put": "PutItem",
        "Update": "UpdateItem",
    },
}
STATEMENTS: Final = "a PartiQL statement hides the table that it is about, so its permission cannot be checked"
NOT_RELAYED: Final[Mapping[str, str]] = {
    "BatchExecuteStatement": STATEMENTS,
    "ExecuteStatement": STATEMENTS,
    "ExecuteTransaction": STATEMENTS,
}
RELAYED: Final = ON_TABLE | ON_TABLE_OR_INDEX | ON_ARN | ON_ALL | BATCHES | frozenset(TRANSACTIONS)
# Changes of tables, which go into the audit trail; what is done with items is a data event, recorded when refused.
ADMINISTRATIVE: Final = (ON_TABLE | ON_ARN | ON_ALL) - {"DeleteItem", "GetItem", "PutItem", "UpdateItem"}


class TableUnclear(Refusal):
    """The parameters do not say which table is meant, or one elsewhere. ``reason`` may be shown to the client."""


class Ask(Struct, frozen=True):
    """One question to the policies."""

    action: str  # "dynamodb:PutItem"
    resource: str
    enclosing: str | None = None  # dynamodb:EnclosingOperation


def asks_of(operation: str, params: Params, *, account: str, region: str) -> tuple[Ask, ...]:
    """Every question that must be answered with yes before the request is relayed; never none.

    Raises:
        TableUnclear: A table is not named, or lies in another Region.
        KeyError: The operation is not in RELAYED.
    """
    place = Place(account, region)
    asks = tuple(ASKS[operation](operation, params, place))
    if not asks:
        raise TableUnclear(f"{operation} names no table")
    return asks


class Place(Struct, frozen=True):
    """Where a table's name stands for an ARN."""

    account: str
    region: str

    def table(self, name: object) -> str:
        """The ARN of a table given by name or by ARN.

        The ARN's account is for the policies to judge; its Region must be the one that the request is relayed to.
        """
        if not isinstance(name, str) or not name:
            raise TableUnclear("no table is named")
        if not name.startswith("arn:"):
            if ":" in name or "/" in name:
                raise TableUnclear(f"no table can be called `{name}`")
            return f"arn:{PARTITION}:dynamodb:{self.region}:{self.account}:table/{name}"
        try:
            arn = Arn.parse(name)
        except NotAnArn as error:
            raise TableUnclear(f"not an ARN: `{name}`") from error
        if (arn.partition, arn.service, arn.region) != (PARTITION, "dynamodb", self.region):
            raise TableUnclear(f"`{name}` is not a DynamoDB ARN of {self.region}")
        # One spelling for each table: else a deny of its ARN would not meet another that the backend reads as the same.
        if not is_account_id(arn.account) or not TABLE.fullmatch(arn.resource):
            raise TableUnclear(f"`{name}` is not the ARN of a table")
        return name


def ask_table(operation: str, params: Params, place: Place) -> Iterator[Ask]:
    yield Ask(f"dynamodb:{operation}", place.table(params.get("TableName")))
    if operation == "CreateTable" and params.get("Tags"):
        yield Ask("dynamodb:TagResource", place.table(params.get("TableName")))
    if operation == "CreateTable" and params.get("ResourcePolicy"):
        yield Ask("dynamodb:PutResourcePolicy", place.table(params.get("TableName")))


def ask_table_or_index(operation: str, params: Params, place: Place) -> Iterator[Ask]:
    table, index = place.table(params.get("TableName")), params.get("IndexName")
    yield Ask(f"dynamodb:{operation}", table if index is None else f"{table}/index/{index}")


def ask_arn(operation: str, params: Params, place: Place) -> Iterator[Ask]:
    arn = params.get("ResourceArn")
    if not isinstance(arn, str) or not arn.startswith("arn:"):
        raise TableUnclear("ResourceArn is not an ARN")
    yield Ask(f"dynamodb:{operation}", place.table(arn))


def ask_all(operation: str, _params: Params, _place: Place) -> Iterator[Ask]:
    yield Ask(f"dynamodb:{operation}", "*")


def ask_batch(operation: str, params: Params, place: Place) -> Iterator[Ask]:
    for name in params.get("RequestItems") or {}:
        yield Ask(f"dynamodb:{operation}", place.table(name))


def ask_transaction(operation: str, params: Params, place: Place) -> Iterator[Ask]:
    actions = TRANSACTIONS[operation]
    for item in params.get("TransactItems") or ():
        if not item or not set(item) <= set(actions):
            raise TableUnclear("an element of TransactItems names no table")
        for member, request in item.items():
            yield Ask(f"dynamodb:{actions[member]}", place.table(request.get("TableName")), operation)


ASKS: Final[Mapping[str, Callable[[str, Params, Place], Iterator[Ask]]]] = {
    **dict.fromkeys(ON_TABLE, ask_table),
    **dict.fromkeys(ON_TABLE_OR_INDEX, ask_table_or_index),
    **dict.fromkeys(ON_ARN, ask_arn),
    **dict.fromkeys(ON_ALL, ask_all),
    **dict.fromkeys(BATCHES, ask_batch),
    **dict.fromkeys(TRANSACTIONS, ask_transaction),
}
