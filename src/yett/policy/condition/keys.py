"""The condition keys that there are: AWS's global ones and those of execute-api. Which of them a request has, its
service says.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_apigatewaymanagementapi.html
"""

import re
from typing import Final

# In lower case, as keys are compared.
GLOBAL_KEYS: Final = frozenset(
    {
        # of the principal
        "aws:principalarn", "aws:principalaccount", "aws:principalorgpaths", "aws:principalorgid",
        "aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist", "aws:principaltype",
        "aws:userid", "aws:username",
        # of its session
        "aws:assumedroot", "aws:federatedprovider", "aws:tokenissuetime", "aws:multifactorauthage",
        "aws:multifactorauthpresent", "aws:chatbotsourcearn", "aws:ec2instancesourcevpc",
        "aws:ec2instancesourceprivateipv4", "aws:sourceidentity",
        # of the network
        "aws:sourceip", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid",
        "aws:vpceorgpaths", "aws:vpcsourceip",
        # of the resource
        "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths",
        # of the request
        "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:viaawsservice", "aws:currenttime",
        "aws:epochtime", "aws:referer", "aws:requestedregion", "aws:tagkeys", "aws:securetransport",
        "aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:useragent",
    }
)  # fmt: skip
TAG_KEYS: Final = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")  # with a tag's name behind them
EXECUTE_API_KEYS: Final = frozenset({"execute-api:viadomainarn"})

# Of federated sessions: a provider's host with an optional path, or SAML. Their names are the providers' own.
_FEDERATION: Final = re.compile(r"(?:saml|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^:]*)?):[a-z0-9_./-]+")


def is_known(key: str) -> bool:
    """Whether a call of a deployed API may have the key, which is in any case."""
    key = key.lower()
    if key in GLOBAL_KEYS or key in EXECUTE_API_KEYS:
        return True
    return any(key.startswith(prefix) and key != prefix for prefix in TAG_KEYS) or bool(_FEDERATION.fullmatch(key))
