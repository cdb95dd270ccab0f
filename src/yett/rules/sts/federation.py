"""What holds for whoever comes with a provider's word, of whichever kind: session tags, source identity, trust.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from yett.policy import AuthorizationRequest, CompiledPolicies, Decision, Outcome, PolicyType
from yett.rules.sts.assume_role import inherit_tags, read_session_tags
from yett.rules.sts.errors import SessionRefused
from yett.rules.sts.limits import SESSION_TAGS, SOURCE_IDENTITY_CHARACTERS, TAG_KEY_CHARACTERS, TAG_VALUE_CHARACTERS
from yett.values.errors import Refusal

_SOURCE_IDENTITY: Final = re.compile(r"[\w+=,.@-]*", re.ASCII)
_TAG_TEXT: Final = re.compile(r"[\w\s.:/=+\-@]*")  # letters, numbers and spaces of any script, as in tags of IAM


class ProviderTagsRefused(Refusal):
    """The provider sets session tags that no session can have."""


def read_provider_tags(tags: Mapping[str, object], transitive: object) -> tuple[dict[str, str], tuple[str, ...]]:
    """Session tags, and the keys of those that are transitive. A tag's value is text, or a list of one.

    Raises:
        ProviderTagsRefused
    """
    if not isinstance(transitive, Sequence) or isinstance(transitive, str):
        raise ProviderTagsRefused("the transitive tag keys are no list")
    keys = [key for key in transitive if isinstance(key, str)]
    if len(keys) != len(transitive) or len(tags) > SESSION_TAGS:
        raise ProviderTagsRefused("there are too many tags, or a key is no text")
    given = [{"Key": str(key), "Value": read_tag_value(value)} for key, value in tags.items()]
    for tag in given:
        if not 1 <= len(tag["Key"]) <= TAG_KEY_CHARACTERS or len(tag["Value"]) > TAG_VALUE_CHARACTERS:
            raise ProviderTagsRefused("a tag is too long")
        if not all(_TAG_TEXT.fullmatch(text) for text in tag.values()) or tag["Key"].lower().startswith("aws:"):
            raise ProviderTagsRefused("a tag has characters that none may have")
    try:
        return inherit_tags(read_session_tags([*given]), tuple(keys), inherited={})
    except SessionRefused as refused:
        raise ProviderTagsRefused("the tags contradict each other") from refused


def read_tag_value(value: object) -> str:
    """The one value of a tag.

    Raises:
        ProviderTagsRefused
    """
    match value:
        case str() as text:
            return text
        case [str() as text]:
            return text
        case _:
            raise ProviderTagsRefused("a tag has not one value")


def is_source_identity(text: object) -> bool:
    """Whether a session may have this source identity."""
    low, high = SOURCE_IDENTITY_CHARACTERS
    return isinstance(text, str) and low <= len(text) <= high and _SOURCE_IDENTITY.fullmatch(text) is not None


def weigh_federation(
    request: AuthorizationRequest, *, trust_policy: CompiledPolicies, guardrails: Iterable[CompiledPolicies]
) -> Decision:
    """Decide one action of somebody federated, who has no policies: the trust policy must allow, and each guardrail of
    the role's account.

    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    weighed = [(PolicyType.RCP, level.evaluate(request)) for level in guardrails]
    weighed.append((PolicyType.RESOURCE, trust_policy.evaluate(request)))
    for outcome in (Outcome.EXPLICIT_DENY, Outcome.IMPLICIT_DENY):
        for policy_type, evaluation in weighed:
            if evaluation.outcome is outcome:
                return Decision(outcome, policy_type, evaluation.statement)
    return Decision(Outcome.ALLOW, PolicyType.RESOURCE, weighed[-1][1].statement)
