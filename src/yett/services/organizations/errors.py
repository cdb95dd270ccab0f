"""Organizations' refusals, in AWS's words.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/ (the errors of each operation)
"""

from collections.abc import Mapping
from typing import Final

from yett.services.call import ServiceError

# UNCERTAIN: the texts are those of the API reference, shortened; the codes are its own.
MESSAGES: Final[Mapping[str, str]] = {
    "AWSOrganizationsNotInUseException": "Your account is not a member of an organization.",
    "AccessDeniedException": "You don't have permissions to access this resource.",
    "AccountNotFoundException": "You specified an account that doesn't exist.",
    "AlreadyInOrganizationException": "The AWS account is already a member of an organization.",
    "ChildNotFoundException": "You specified a child that doesn't exist.",
    "CreateAccountStatusNotFoundException": "You specified a create account request that doesn't exist.",
    "DestinationParentNotFoundException": "You specified a destination parent that doesn't exist.",
    "DuplicateAccountException": "The account is already in the destination.",
    "DuplicateOrganizationalUnitException": "An OU with the same name already exists.",
    "DuplicatePolicyAttachmentException": "The selected policy is already attached to the specified target.",
    "DuplicatePolicyException": "A policy with the same name already exists.",
    "MalformedPolicyDocumentException": (
        "The provided policy document does not meet the requirements of the specified policy type."
    ),
    "MasterCannotLeaveOrganizationException": "The management account cannot leave its organization.",
    "OrganizationNotEmptyException": "The organization isn't empty. Remove all accounts except the management account.",
    "OrganizationalUnitNotEmptyException": "The specified OU is not empty. Move all accounts and OUs elsewhere first.",
    "OrganizationalUnitNotFoundException": "You specified an organizational unit that doesn't exist.",
    "ParentNotFoundException": "You specified parent that doesn't exist.",
    "PolicyChangesInProgressException": "Changes to the effective policy are in progress.",
    "PolicyInUseException": "The policy is attached to one or more entities. Detach it first.",
    "PolicyNotAttachedException": "The policy isn't attached to the specified target in the specified root.",
    "PolicyNotFoundException": "You specified a policy that doesn't exist.",
    "PolicyTypeAlreadyEnabledException": "The specified policy type is already enabled.",
    "PolicyTypeNotAvailableForOrganizationException": (
        "The policy types here are SERVICE_CONTROL_POLICY and RESOURCE_CONTROL_POLICY."
    ),
    "PolicyTypeNotEnabledException": "This operation can be performed only for enabled policy types.",
    "RootNotFoundException": "You specified a root that doesn't exist.",
    "SourceParentNotFoundException": "You specified a source parent that doesn't exist.",
    "TargetNotFoundException": "You specified a target that doesn't exist.",
}


def refuse(code: str) -> ServiceError:
    """The error of this code, with its text."""
    return ServiceError(code, MESSAGES[code])


def violates(message: str, reason: str) -> ServiceError:
    """A constraint of organizations is violated."""
    return ServiceError("ConstraintViolationException", message, fields={"Reason": reason})


def invalid(message: str, reason: str) -> ServiceError:
    """The input is not valid."""
    return ServiceError("InvalidInputException", message, fields={"Reason": reason})
