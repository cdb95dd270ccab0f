"""The scopes whose revisions move when IAM or an organization changes, and which views of callers depend on."""


def principal_scope(account: str, principal_id: str) -> str:
    """A user, role or root: itself, its keys, its inline policies and what is attached to it."""
    return f"principal:{account}:{principal_id}"


def group_scope(account: str, group_id: str) -> str:
    """A group: its policies. Who is in it is the members' own affair."""
    return f"group:{account}:{group_id}"


def policy_scope(arn: str) -> str:
    """A managed policy: which document it has."""
    return f"policy:{arn}"


def organization_scope(organization_id: str) -> str:
    """An organization: its tree and policies."""
    return f"organization:{organization_id}"


def membership_scope(account: str) -> str:
    """Which organization an account is in."""
    return f"membership:{account}"


# Told in the place of scopes when nobody knows any more which ones moved: every view drops all it holds.
EVERYTHING = "*"
IAM_SCOPES = ("principal:", "group:", "policy:", "organization:", "membership:")
