"""Many writers at once, by boto3, on both databases: what was acknowledged is there, and no limit is outrun."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from tests.databases import database_url, postgresql_url
from tests.sdk.making import unique
from tests.sdk.running import RunningServer
from tests.sdk.test_iam import denying, trusting

from yett.rules.iam.limits import (
    ACCESS_KEYS_PER_USER,
    GROUPS_PER_USER,
    MANAGED_POLICIES_PER_ENTITY,
    POLICY_VERSIONS,
)

__all__ = ["database_url", "postgresql_url"]

WRITERS = 8
EACH = 4
AGAIN = {"ConcurrentModification", "ServiceUnavailable"}
# What a writer is told that was too late, or that should try again. Its write is not there.
REFUSALS = {"EntityAlreadyExists", "LimitExceeded", "DeleteConflict", "NoSuchEntity"} | AGAIN


class Writers:
    """Threads with a client each."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running

    def race(self, work: Callable[[Any, int], object], *, times: int = 1) -> tuple[set[int], set[str]]:
        """Let all do this at once, with numbers of their own: the numbers that were acknowledged, and the refusals."""
        done: set[int] = set()
        refused: set[str] = set()
        begin = threading.Barrier(WRITERS)

        def write(writer: int) -> None:
            iam = self.running.client("iam")
            begin.wait(60)
            for each in range(times):
                number = writer * times + each
                try:
                    work(iam, number)
                    done.add(number)
                except ClientError as error:
                    refused.add(error.response["Error"]["Code"])

        with ThreadPoolExecutor(WRITERS) as threads:
            for finished in [threads.submit(write, writer) for writer in range(WRITERS)]:
                finished.result(300)
        assert refused <= REFUSALS
        return done, refused


def names(numbers: Iterable[int], prefix: str) -> set[str]:
    return {f"{prefix}-{number}" for number in numbers}


def test_what_many_write_at_once_is_all_there_and_within_limits(database_url: str, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "home", database_url=database_url) as running:
        writers, iam = Writers(running), running.client("iam")
        shared, group, role = unique("shared"), unique("group"), unique("role")
        iam.create_user(UserName=shared)
        iam.create_group(GroupName=group)
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusting())
        policy = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=denying())["Policy"]["Arn"]

        # one thing that everybody changes: no change undoes another
        done, _ = writers.race(
            lambda client, number: client.tag_user(UserName=shared, Tags=[{"Key": f"tag-{number}", "Value": "v"}]),
            times=EACH,
        )
        assert {each["Key"] for each in iam.list_user_tags(UserName=shared)["Tags"]} == names(done, "tag")

        done, _ = writers.race(
            lambda client, number: client.put_role_policy(
                RoleName=role, PolicyName=f"inline-{number}", PolicyDocument=denying()
            ),
            times=EACH,
        )
        assert set(iam.list_role_policies(RoleName=role)["PolicyNames"]) == names(done, "inline")

        # many things that lean on one: its counts and its list are right
        def join(client: Any, number: int) -> None:
            client.create_user(UserName=f"{shared}-{number}")
            client.add_user_to_group(UserName=f"{shared}-{number}", GroupName=group)
            client.attach_user_policy(UserName=f"{shared}-{number}", PolicyArn=policy)

        done, _ = writers.race(join, times=EACH)
        members = {each["UserName"] for each in iam.get_group(GroupName=group)["Users"]}
        assert members >= names(done, shared)
        users = {each["UserName"] for each in iam.list_entities_for_policy(PolicyArn=policy)["PolicyUsers"]}
        assert users >= names(done, shared)
        assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == len(users)

        # one name, whatever its case, and limits
        name = unique("one")
        done, refused = writers.race(
            lambda client, number: client.create_user(UserName=name.upper() if number % 2 else name.lower())
        )
        assert (len(done), refused - AGAIN) == (1, {"EntityAlreadyExists"})
        done, _ = writers.race(lambda client, number: client.create_access_key(UserName=shared))
        assert len(done) <= ACCESS_KEYS_PER_USER
        assert len(iam.list_access_keys(UserName=shared)["AccessKeyMetadata"]) == len(done)
        done, _ = writers.race(
            lambda client, number: client.create_policy_version(
                PolicyArn=policy, PolicyDocument=denying(), SetAsDefault=True
            )
        )
        versions = iam.list_policy_versions(PolicyArn=policy)["Versions"]
        assert len(versions) == 1 + len(done) <= POLICY_VERSIONS
        assert [each["IsDefaultVersion"] for each in versions].count(True) == 1

        arns = [
            iam.create_policy(PolicyName=unique("many"), PolicyDocument=denying())["Policy"]["Arn"]
            for _ in range(2 * WRITERS)
        ]
        done, _ = writers.race(
            lambda client, number: client.attach_role_policy(RoleName=role, PolicyArn=arns[number]), times=2
        )
        attached = {each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]}
        assert attached == {arns[number] for number in done}
        assert len(attached) <= MANAGED_POLICIES_PER_ENTITY

        groups = [f"{group}-{number}" for number in range(2 * WRITERS)]
        for each in groups:
            iam.create_group(GroupName=each)
        done, _ = writers.race(
            lambda client, number: client.add_user_to_group(UserName=shared, GroupName=groups[number]), times=2
        )
        joined = {each["GroupName"] for each in iam.list_groups_for_user(UserName=shared)["Groups"]}
        assert joined == {groups[number] for number in done}
        assert len(joined) <= GROUPS_PER_USER

        # something that goes while others take hold of it: it goes, or it is held
        def take_or_let_go(client: Any, number: int) -> None:
            if number % 2:
                client.delete_policy(PolicyArn=arns[-1])
            else:
                client.attach_user_policy(UserName=f"{shared}-{number}", PolicyArn=arns[-1])

        for each in attached & {arns[-1]}:
            iam.detach_role_policy(RoleName=role, PolicyArn=each)
        gone_or_held(writers, iam, arns[-1], take_or_let_go)


def gone_or_held(writers: Writers, iam: Any, arn: str, work: Callable[[Any, int], None]) -> None:
    """A policy that some delete while others attach it ends in one of two ways."""
    writers.race(work)
    try:
        held = iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]
    except iam.exceptions.NoSuchEntityException:
        listed = iam.get_account_authorization_details(Filter=["User"])["UserDetailList"]
        held = [each for each in listed if arn in {at["PolicyArn"] for at in each["AttachedManagedPolicies"]}]
        assert held == []
    else:
        assert held
