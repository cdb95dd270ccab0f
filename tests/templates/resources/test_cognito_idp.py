"""AWS::Cognito::*."""

from tests.templates.ground import Ground

TEMPLATE = """\
Parameters: {Minutes: {Type: String, Default: "60"}, Precedence: {Type: String, Default: "1"}}
Resources:
  Pool:
    Type: AWS::Cognito::UserPool
    Properties:
      UserPoolName: customers
      Policies: {PasswordPolicy: {MinimumLength: 12}}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties:
      UserPoolId: !Ref Pool
      ClientName: web
      GenerateSecret: true
      AccessTokenValidity: !Ref Minutes
      TokenValidityUnits: {AccessToken: minutes}
  Server:
    Type: AWS::Cognito::UserPoolResourceServer
    Properties: {UserPoolId: !Ref Pool, Identifier: pets, Name: pets, Scopes: [{ScopeName: read, ScopeDescription: r}]}
  Domain:
    Type: AWS::Cognito::UserPoolDomain
    Properties: {UserPoolId: !Ref Pool, Domain: customers}
  Alice:
    Type: AWS::Cognito::UserPoolUser
    Properties: {UserPoolId: !Ref Pool, Username: alice, MessageAction: SUPPRESS}
  Staff:
    Type: AWS::Cognito::UserPoolGroup
    Properties: {UserPoolId: !Ref Pool, GroupName: staff, Precedence: !Ref Precedence}
  Membership:
    Type: AWS::Cognito::UserPoolUserToGroupAttachment
    Properties: {UserPoolId: !Ref Pool, GroupName: !Ref Staff, Username: !Ref Alice}
"""


async def test_a_pool_has_all_that_the_template_gives_it(ground: Ground) -> None:
    made = {one.logical_id: one.physical_id for one in (await ground.up(TEMPLATE)).resources}
    site, pool = await ground.site(), {"UserPoolId": made["Pool"]}
    client = await site.do("cognito-idp", "DescribeUserPoolClient", pool | {"ClientId": made["Client"]})
    assert client["UserPoolClient"]["ClientName"] == "web"
    groups = await site.do("cognito-idp", "AdminListGroupsForUser", pool | {"Username": "alice"})
    assert [one["GroupName"] for one in groups["Groups"]] == ["staff"]
    domain = await site.do("cognito-idp", "DescribeUserPoolDomain", {"Domain": "customers"})
    assert domain["DomainDescription"]["UserPoolId"] == made["Pool"]


async def test_clients_and_groups_are_changed_in_place_and_keep_their_secrets(ground: Ground) -> None:
    first = {one.logical_id: one for one in (await ground.up(TEMPLATE)).resources}
    second = {one.logical_id: one for one in (await ground.up(TEMPLATE, Minutes="30", Precedence="2")).resources}
    assert {name: one.physical_id for name, one in first.items()} == {
        name: one.physical_id for name, one in second.items()
    }
    assert first["Client"].attributes["ClientSecret"] == second["Client"].attributes["ClientSecret"]
    done = {event.logical_id: event.action for event in ground.events if event.state == "done"}
    assert (done["Pool"], done["Client"], done["Staff"]) == ("keep", "update", "update")


async def test_a_part_that_lasts_for_life_makes_a_new_pool(ground: Ground) -> None:
    bare = TEMPLATE[: TEMPLATE.index("  Client:")]
    (first,) = (await ground.up(bare)).resources
    (second,) = (await ground.up(bare.replace("UserPoolName: customers", "UserPoolName: buyers"))).resources
    assert second.physical_id != first.physical_id
    site = await ground.site()
    pools = await site.do("cognito-idp", "ListUserPools", {"MaxResults": 60})
    assert [one["Id"] for one in pools["UserPools"]] == [second.physical_id]
