from msgspec import structs
from tests.rules.execute_api.support import (
    compiled,
    make_plan,
    make_request,
    method,
    resource,
    resource_policy,
    route,
    user,
)

from yett.policy import CallerPolicies, Kind, PolicyType
from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.deployment import AuthorizationType
from yett.rules.execute_api.weighing import weighed
from yett.values.identity import AuthorizerIdentity


def test_each_kind_of_policy_is_there_with_its_level_and_its_question() -> None:
    plan = make_plan(resource("/", method("GET", AuthorizationType.AWS_IAM)), policy=resource_policy({}))
    question = route(plan, make_request("GET", "/"), "/").question
    identity = compiled(Kind.IDENTITY, {})
    policies = CallerPolicies(
        identity=identity, boundary=identity, session=identity, scp=(identity, identity), rcp=(), is_root=False
    )
    found = list(weighed(question, Standing(identity=user(), caller_policies=policies)))
    assert [(each.type, each.level) for each in found] == [
        (PolicyType.RESOURCE, None),
        (PolicyType.IDENTITY, None),
        (PolicyType.BOUNDARY, None),
        (PolicyType.SESSION, None),
        (PolicyType.SCP, 0),
        (PolicyType.SCP, 1),
    ]
    assert found[0].request.principal.has_boundary
    bare = structs.replace(policies, boundary=None)
    assert not next(weighed(question, Standing(identity=user(), caller_policies=bare))).request.principal.has_boundary


def test_an_authorizers_answer_stands_in_for_the_callers_policies() -> None:
    plan = make_plan(resource("/", method("GET")))
    question = route(plan, make_request("GET", "/"), "/").question
    identity = AuthorizerIdentity(authorizer_id="a", principal_id="p", context={})
    (only,) = weighed(question, Standing(identity=identity, authorizer_policy=compiled(Kind.AUTHORIZER, {})))
    assert (only.type, only.of_authorizer) == (PolicyType.IDENTITY, True)
    assert list(weighed(question, None)) == []
