"""STS's operations, and those that are not offered, each with its reason."""

from collections.abc import Mapping
from typing import Final

from yett.services.call import Operation
from yett.services.sts.assume_role import assume_role
from yett.services.sts.authorization_message import decode_authorization_message
from yett.services.sts.caller_identity import get_access_key_info, get_caller_identity
from yett.services.sts.federation import place_of_role
from yett.services.sts.federation_token import get_federation_token
from yett.services.sts.saml import assume_role_with_saml
from yett.services.sts.session_token import get_session_token
from yett.services.sts.web_identity import assume_role_with_web_identity

OPERATIONS: Final[Mapping[str, Operation]] = {
    "AssumeRole": assume_role,
    "DecodeAuthorizationMessage": decode_authorization_message,
    "AssumeRoleWithSAML": assume_role_with_saml,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "GetAccessKeyInfo": get_access_key_info,
    "GetCallerIdentity": get_caller_identity,
    "GetFederationToken": get_federation_token,
    "GetSessionToken": get_session_token,
}

NOT_OFFERED: Final[Mapping[str, str]] = {
    "AssumeRoot": "the root users of member accounts are not managed centrally",
    "GetDelegatedAccessToken": "requests for delegated access are not kept",
    "GetWebIdentityToken": "no tokens are issued for other parties",
}

place_of_unsigned = place_of_role
