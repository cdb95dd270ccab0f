from textwrap import indent

from tests.fakes.identity_provider import IdentityProvider, rsa_key
from tests.templates.ground import ACCOUNT, Ground

from yett.ports.iam_store import OidcProvider, Role, SamlProvider

IDP = IdentityProvider()
OIDC_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.example"
TEMPLATE = """\
Resources:
  Actions:
    Type: AWS::IAM::OIDCProvider
    Properties:
      Url: https://token.actions.example
      ClientIdList: [sts.amazonaws.com, CLIENT]
      ThumbprintList: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]
      Tags: [{Key: team, Value: TEAM}]
  Office:
    Type: AWS::IAM::SAMLProvider
    Properties:
      Name: office
      Tags: [{Key: team, Value: TEAM}, {Key: EXTRA, Value: x}]
      SamlMetadataDocument: |
METADATA
  Federated:
    Type: AWS::IAM::Role
    Properties:
      RoleName: federated
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Federated: !Ref Actions}, Action: sts:AssumeRoleWithWebIdentity}
          - {Effect: Allow, Principal: {Federated: !GetAtt Office.Arn}, Action: sts:AssumeRoleWithSAML}
Outputs:
  Address: {Value: !Sub "https://signin.aws.amazon.com/saml/acs/${Office.SamlProviderUUID}"}
"""


def template(idp: IdentityProvider = IDP, client: str = "app", team: str = "a", extra: str = "b") -> str:
    text = TEMPLATE.replace("METADATA", indent(idp.metadata().strip(), " " * 8))
    return text.replace("CLIENT", client).replace("TEAM", team).replace("EXTRA", extra)


async def test_roles_trust_the_providers_of_the_template(ground: Ground) -> None:
    stack = await ground.up(template())
    store = ground.wired.ports.iam_store
    oidc = await store.find(OidcProvider, ACCOUNT, "token.actions.example")
    saml = await store.find(SamlProvider, ACCOUNT, "office")
    role = await store.find(Role, ACCOUNT, "federated")
    assert oidc is not None
    assert saml is not None
    assert role is not None
    assert (oidc.client_ids, oidc.tags) == (("sts.amazonaws.com", "app"), {"team": "a"})
    assert (saml.entity_id, saml.tags) == ("https://idp.example/saml", {"team": "a", "b": "x"})
    assert OIDC_ARN in role.trust_policy
    assert saml.arn in role.trust_policy
    outputs = {each.name: each.value for each in stack.outputs}
    assert outputs["Address"] == f"https://signin.aws.amazon.com/saml/acs/{saml.id}"


async def test_they_are_changed_in_place(ground: Ground) -> None:
    await ground.up(template())
    store = ground.wired.ports.iam_store
    before = await store.find(SamlProvider, ACCOUNT, "office")
    fresh = IdentityProvider(key=rsa_key(1))
    await ground.up(template(fresh, client="other", team="c", extra="d"))
    oidc = await store.find(OidcProvider, ACCOUNT, "token.actions.example")
    saml = await store.find(SamlProvider, ACCOUNT, "office")
    assert before is not None
    assert oidc is not None
    assert saml is not None
    assert (set(oidc.client_ids), oidc.tags) == ({"sts.amazonaws.com", "other"}, {"team": "c"})
    assert (saml.id, saml.tags) == (before.id, {"team": "c", "d": "x"})
    assert saml.certificates != before.certificates
    done = {event.logical_id: event.action for event in ground.events if event.state == "done"}
    assert (done["Actions"], done["Office"], done["Federated"]) == ("update", "update", "keep")


async def test_thumbprints_are_replaced_and_another_url_is_another_provider(ground: Ground) -> None:
    await ground.up(template())
    store = ground.wired.ports.iam_store
    await ground.up(template().replace("a" * 40, "b" * 40))
    oidc = await store.find(OidcProvider, ACCOUNT, "token.actions.example")
    assert oidc is not None
    assert oidc.thumbprints == ("b" * 40,)
    await ground.up(template().replace("token.actions.example", "other.example").replace("Name: office", "Name: lab"))
    assert await store.find(OidcProvider, ACCOUNT, "token.actions.example") is None
    assert await store.find(OidcProvider, ACCOUNT, "other.example") is not None
    assert await store.find(SamlProvider, ACCOUNT, "office") is None
    assert await store.find(SamlProvider, ACCOUNT, "lab") is not None


async def test_all_of_it_can_be_removed(ground: Ground) -> None:
    await ground.up(template())
    await ground.up("Resources:\n  Group: {Type: AWS::IAM::Group}\n")
    store = ground.wired.ports.iam_store
    assert await store.count(OidcProvider, ACCOUNT) == 0
    assert await store.count(SamlProvider, ACCOUNT) == 0


async def test_a_private_key_has_no_place_in_a_template(ground: Ground) -> None:
    text = template().replace("      Name: office\n", "      Name: office\n      AddPrivateKey: x\n")
    assert "AddPrivateKey" in await ground.refusal(text)


async def test_what_stands_there_already_is_not_taken_over(ground: Ground) -> None:
    site = await ground.site()
    await site.do("iam", "CreateSAMLProvider", {"Name": "office", "SAMLMetadataDocument": IDP.metadata()})
    assert "office" in await ground.refusal(template())
    assert await ground.wired.ports.iam_store.count(OidcProvider, ACCOUNT) == 0
