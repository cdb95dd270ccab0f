import json

from hypothesis import given, settings
from tests.policy.strategies import policies, requests
from tests.policy.support import USER, policy, request

from yett.policy import AuthorizationRequest, Kind, NamedPolicy, PolicyType, Principal, evaluate, parse_policy, trace
from yett.policy.trace import describe_evaluation


@settings(deadline=None)
@given(policies(), requests())
def test_a_trace_never_disagrees_with_the_evaluation(named: list[NamedPolicy], asked: AuthorizationRequest) -> None:
    told = trace(named, asked, policy_type=PolicyType.IDENTITY)
    assert told.outcome is evaluate(named, asked).outcome
    assert len(told.statements) == sum(len(item.document.statements) for item in named)
    assert json.loads(json.dumps(told.describe()))


def test_each_statement_tells_the_first_element_that_failed() -> None:
    document = policy(
        {},
        {"Action": "execute-api:ManageConnections"},
        {"Resource": ["arn:aws:s3:::x"]},
        {"Condition": {"StringEquals": {"aws:username": "bob"}, "Bool": {"aws:SecureTransport": "true"}}},
    )
    told = trace([document], request(context={"aws:username": "bob"}), policy_type=PolicyType.SCP, level=1).describe()
    assert [item["matched"] for item in told] == [True, False, False, False]
    assert [item.get("failed") for item in told] == [
        None,
        {"element": "Action", "expected": ["execute-api:ManageConnections"], "actual": ["execute-api:Invoke"]},
        {"element": "Resource", "expected": ["arn:aws:s3:::x"], "actual": [request().resource]},
        {
            "element": "Condition",
            "operator": "Bool",
            "key": "aws:SecureTransport",
            "expected": ["true"],
            "actual": None,
        },
    ]
    assert {item["level"] for item in told} == {1}


def test_a_principal_that_is_somebody_else_is_told() -> None:
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": USER}, "Action": "*", "Resource": "*"}
    document = parse_policy({"Statement": statement}, kind=Kind.RESOURCE)
    told = trace([document], request(), policy_type=PolicyType.RESOURCE).describe()
    assert told[0]["failed"] == {"element": "NotPrincipal", "expected": [USER], "actual": [USER]}
    document = policy({"Principal": {"AWS": USER}}, kind=Kind.RESOURCE)
    told = trace([document], request(caller=Principal.anonymous()), policy_type=PolicyType.RESOURCE).describe()
    assert told[0]["failed"] == {"element": "Principal", "expected": [USER], "actual": ["anonymous"]}


def test_an_evaluation_is_described_with_its_statement() -> None:
    described = describe_evaluation(PolicyType.IDENTITY, evaluate([policy({"Sid": "x"})], request()))
    assert described == {
        "type": "identity",
        "outcome": "allow",
        "policy": "",
        "statement": 0,
        "sid": "x",
        "path": "/Statement/0",
    }
    assert describe_evaluation(PolicyType.SCP, evaluate([], request())) == {"type": "scp", "outcome": "implicit_deny"}
