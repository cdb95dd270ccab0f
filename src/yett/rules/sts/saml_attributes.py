"""The attributes of SAML that become condition keys: AWS's three tables, row for row.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html#saml-attribute-mapping
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
"""

from collections.abc import Iterable, Mapping
from typing import Final

from yett.tokens.saml.response import Attribute

EDU_PERSON: Final = "urn:oid:1.3.6.1.4.1.5923.1.1.1."
EDU_ORG: Final = "urn:oid:1.3.6.1.4.1.5923.1.2.1."
CLAIMS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
PRIMARY_GROUP: Final = "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid"

# UNCERTAIN: three object identifiers of AWS's X.500 table are misprinted (2.4.5.42, 0.9.2342.19200300100.1.1 and .1.3);
# here they are those that X.500 and RFC 4524 register. And whether `primarygroupsid` gives `uid`, as the table says,
# or the key of its own name, which the list of condition keys has: here it gives both.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    f"{EDU_PERSON}1": ("saml:edupersonaffiliation",),
    f"{EDU_PERSON}2": ("saml:edupersonnickname",),
    f"{EDU_PERSON}3": ("saml:edupersonorgdn",),
    f"{EDU_PERSON}4": ("saml:edupersonorgunitdn",),
    f"{EDU_PERSON}5": ("saml:edupersonprimaryaffiliation",),
    f"{EDU_PERSON}6": ("saml:edupersonprincipalname",),
    f"{EDU_PERSON}7": ("saml:edupersonentitlement",),
    f"{EDU_PERSON}8": ("saml:edupersonprimaryorgunitdn",),
    f"{EDU_PERSON}9": ("saml:edupersonscopedaffiliation",),
    f"{EDU_PERSON}10": ("saml:edupersontargetedid",),
    f"{EDU_PERSON}11": ("saml:edupersonassurance",),
    f"{EDU_ORG}2": ("saml:eduorghomepageuri",),
    f"{EDU_ORG}3": ("saml:eduorgidentityauthnpolicyuri",),
    f"{EDU_ORG}4": ("saml:eduorglegalname",),
    f"{EDU_ORG}5": ("saml:eduorgsuperioruri",),
    f"{EDU_ORG}6": ("saml:eduorgwhitepagesuri",),
    "urn:oid:2.5.4.3": ("saml:cn",),
    f"{CLAIMS}name": ("saml:name",),
    "http://schemas.xmlsoap.org/claims/CommonName": ("saml:commonname",),
    f"{CLAIMS}givenname": ("saml:givenname",),
    f"{CLAIMS}surname": ("saml:surname",),
    f"{CLAIMS}emailaddress": ("saml:mail",),
    PRIMARY_GROUP: ("saml:uid", "saml:primarygroupsid"),
    "2.5.4.3": ("saml:commonname",),
    "2.5.4.4": ("saml:surname",),
    "2.5.4.42": ("saml:givenname",),
    "2.5.4.45": ("saml:x500uniqueidentifier",),
    "0.9.2342.19200300.100.1.1": ("saml:uid",),
    "0.9.2342.19200300.100.1.3": ("saml:mail",),
    "0.9.2342.19200300.100.1.45": ("saml:organizationstatus",),
}
SINGLE: Final = frozenset(
    {
        "saml:edupersonorgdn",
        "saml:edupersonprimaryaffiliation",
        "saml:edupersonprincipalname",
        "saml:edupersonprimaryorgunitdn",
    }
)


def attribute_keys(attributes: Iterable[Attribute]) -> Mapping[str, tuple[str, ...]]:
    """The condition keys, in lower case, that the attributes give; of several claims for one key the first counts.

    Values that are no plain text give nothing. UNCERTAIN: of a key that is no list the first value counts.
    """
    keys: dict[str, tuple[str, ...]] = {}
    for attribute in attributes:
        values = tuple(value for value in attribute.values if value is not None)
        for key in KEYS.get(attribute.name, ()):
            if values and key not in keys:
                keys[key] = values[:1] if key in SINGLE else values
    return keys
