"""What temporary credentials may never do, whatever their policies say; written as session policies.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
"""

from typing import Final

from yett.rules.sts.temporary_credentials import SessionKind, TemporarySession
from yett.values.identity import IamIdentity, PrincipalType

# GetSessionToken without MFA: no IAM, and of STS two operations (with what may go along with AssumeRole).
WITHOUT_MFA: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"},'
    '{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity","sts:GetCallerIdentity"],'
    '"Resource":"*"}]}'
)
WITH_MFA: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"sts:*","Resource":"*"},'
    '{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity","sts:GetCallerIdentity"],'
    '"Resource":"*"}]}'
)
# GetFederationToken: no IAM, and nothing of STS but GetCallerIdentity, which nothing can deny.
FEDERATED: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["iam:*","sts:*"],"Resource":"*"}]}'


def restrictions(session: TemporarySession) -> tuple[str, ...]:
    """The documents that limit the session beside the session policies that were passed.

    A federated user without a session policy has nothing but what resource policies grant it, and not even that of IAM
    and STS.
    """
    match session.kind:
        case SessionKind.USER | SessionKind.ROOT:
            return (WITHOUT_MFA if session.mfa_authenticated_at is None else WITH_MFA,)
        case SessionKind.FEDERATED_USER:
            return (FEDERATED,)
        case _:
            return ()


def is_unknown_to_iam(identity: IamIdentity) -> bool:
    """Whether IAM answers these credentials as it does unknown ones, before it asks any policy.

    OBSERVED: https://github.com/99designs/aws-vault/issues/1056 (GetSessionToken without MFA).
    UNCERTAIN: that a federated user is told the same.
    """
    match identity.principal_type:
        case PrincipalType.FEDERATED_USER:
            return True
        case PrincipalType.USER | PrincipalType.ACCOUNT:
            return identity.token_issued_at is not None and identity.mfa_authenticated_at is None
        case _:
            return False
