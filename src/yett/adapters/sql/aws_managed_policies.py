"""The managed policies that AWS provides, as far as they are known here.

Their ids are not published, so each has one made of its ARN. UNCERTAIN: nothing is known to depend on them.

Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from yett.ports.iam_store import AWS_ACCOUNT, ManagedPolicy, PolicyVersion
from yett.rules.iam.identifiers import UNIQUE_ID_CHARACTERS
from yett.values.arn import Arn
from yett.values.identifiers import MANAGED_POLICY_ID

FILE: Final = "aws_managed_policies.json"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One policy in the file."""

    arn: str
    version: str  # of the document
    created_at: datetime
    updated_at: datetime
    description: str
    document: dict[str, Any]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    source: str
    policies: tuple[Entry, ...]


@cache
def aws_managed_policies() -> Mapping[str, ManagedPolicy]:
    """AWS's managed policies by ARN, in order of name."""
    text = files("yett.adapters.sql").joinpath(FILE).read_bytes()
    policies = (policy_of(entry) for entry in msgspec.json.decode(text, type=Table).policies)
    return {policy.arn: policy for policy in sorted(policies, key=lambda policy: policy.name.lower())}


def policy_of(entry: Entry) -> ManagedPolicy:
    """The policy in an entry, with its one version that is known here."""
    path, _, name = Arn.parse(entry.arn).resource.removeprefix("policy").rpartition("/")
    version = PolicyVersion(
        version_id=entry.version,
        document=msgspec.json.format(msgspec.json.encode(entry.document), indent=4).decode(),
        created_at=entry.updated_at,
    )
    made = base64.b32encode(hashlib.sha256(entry.arn.encode()).digest()).decode()[:UNIQUE_ID_CHARACTERS]
    return ManagedPolicy(
        account=AWS_ACCOUNT,
        name=name,
        path=f"{path}/",
        id=MANAGED_POLICY_ID + made,
        description=entry.description,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        versions=(version,),
        default_version_id=entry.version,
        last_version=int(entry.version.removeprefix("v")),
    )
