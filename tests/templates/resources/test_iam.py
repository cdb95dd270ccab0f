"""AWS::IAM::*."""

from tests.templates.ground import ACCOUNT, Ground

from yett.ports.iam_store import Group, Role, User

TEMPLATE = """\
Resources:
  Readers:
    Type: AWS::IAM::Group
    Properties: {GroupName: readers, ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]}
  Clerk:
    Type: AWS::IAM::User
    Properties: {UserName: clerk}
  Membership:
    Type: AWS::IAM::UserToGroupAddition
    Properties: {GroupName: !Ref Readers, Users: [!Ref Clerk]}
  Auditor:
    Type: AWS::IAM::Role
    Properties:
      RoleName: auditor
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Clerk.Arn}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: look
          PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: s3:Get*, Resource: "*"}]}
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref Auditor]
      PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Deny, Action: s3:*, Resource: "*"}]}
  Extra:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: extra
      Users: [!Ref Clerk]
      Roles: [!Ref Auditor]
      PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: s3:*, Resource: "*"}]}
"""


async def test_entities_have_what_the_template_gives_them(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    store = ground.wired.ports.iam_store
    role, user = await store.find(Role, ACCOUNT, "auditor"), await store.find(User, ACCOUNT, "clerk")
    group = await store.find(Group, ACCOUNT, "readers")
    assert role is not None
    assert user is not None
    assert group is not None
    assert set(role.inline_policies) == {"look", "extra"}
    assert set(user.inline_policies) == {"extra"}


async def test_policies_of_a_role_are_changed_in_place(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    stack = await ground.up(TEMPLATE.replace("PolicyName: look", "PolicyName: see"))
    role = await ground.wired.ports.iam_store.find(Role, ACCOUNT, "auditor")
    assert role is not None
    assert set(role.inline_policies) == {"see", "extra"}
    done = {event.logical_id: event.action for event in ground.events if event.state == "done"}
    assert (done["Auditor"], done["Shared"], done["Clerk"]) == ("update", "keep", "keep")
    assert stack.changed


async def test_all_of_it_can_be_removed(ground: Ground) -> None:
    await ground.up(TEMPLATE)
    await ground.up("Resources:\n  Pool: {Type: AWS::Cognito::UserPool}\n")
    store = ground.wired.ports.iam_store
    for kind, name in ((Role, "auditor"), (User, "clerk"), (Group, "readers")):
        assert await store.find(kind, ACCOUNT, name) is None  # type: ignore[type-var]


async def test_a_password_for_the_console_is_refused(ground: Ground) -> None:
    reason = await ground.refusal(TEMPLATE.replace("UserName: clerk", "UserName: clerk, LoginProfile: {}"))
    assert "`LoginProfile`" in reason
