"""IAM's refusals, in AWS's words.

OBSERVED: the texts, in recorded answers of the service (spec 07, section 5; spec 08, nos. 35 and 50).
"""

from yett.policy import Kind, MalformedPolicyDocument, PolicyDocument, parse_policy
from yett.rules.iam.quotas import AccountQuota
from yett.services.call import ServiceError


def no_such_entity(message: str) -> ServiceError:
    """404."""
    return ServiceError("NoSuchEntity", message)


def cannot_be_found(noun: str, name: str) -> ServiceError:
    """There is no user, role or group of this name."""
    return no_such_entity(f"The {noun} with name {name} cannot be found.")


def policy_not_found(arn: str) -> ServiceError:
    """There is no managed policy of this ARN, or it is not attached."""
    return no_such_entity(f"Policy {arn} was not found.")


def policy_not_attachable(arn: str) -> ServiceError:
    """There is no managed policy of this ARN to attach or to read a version of."""
    return no_such_entity(f"Policy {arn} does not exist or is not attachable.")


def already_exists(message: str) -> ServiceError:
    """409."""
    return ServiceError("EntityAlreadyExists", message)


def delete_conflict(message: str) -> ServiceError:
    """409."""
    return ServiceError("DeleteConflict", message)


def must_first(what: str) -> ServiceError:
    """The entity still holds on to something."""
    return delete_conflict(f"Cannot delete entity, must {what} first.")


def limit_exceeded(message: str) -> ServiceError:
    """409."""
    return ServiceError("LimitExceeded", message)


def account_quota_exceeded(quota: AccountQuota) -> ServiceError:
    """The account has as many as it may have."""
    return quota_exceeded(quota.name, quota.bound)


def quota_exceeded(quota: str, bound: int) -> ServiceError:
    """One more would be over the quota."""
    return limit_exceeded(f"Cannot exceed quota for {quota}: {bound}")


def validation_error(message: str) -> ServiceError:
    """400."""
    return ServiceError("ValidationError", message, status=400)


def invalid_input(message: str) -> ServiceError:
    """400."""
    return ServiceError("InvalidInput", message)


def read_policy(text: str, kind: Kind) -> PolicyDocument:
    """The policy that is to be saved.

    Raises:
        MalformedPolicyDocument: As AWS's error, when it is none.
    """
    try:
        return parse_policy(text, kind=kind)
    except MalformedPolicyDocument as error:
        raise ServiceError("MalformedPolicyDocument", error.reason) from error


def count_characters(document: str) -> int:
    """The size of a document as the quotas count it: without its white space."""
    return sum(1 for character in document if not character.isspace())
