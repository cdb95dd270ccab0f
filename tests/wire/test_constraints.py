import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.wire import ConstraintsViolated, check, service_model
from yett.wire.constraints import compile_pattern, matches
from yett.wire.shapes import Operation

SERVICES = ["iam", "sts", "organizations", "lambda", "apigateway", "cognito-idp", "dynamodb"]

# Recorded texts: spec 08, no. 29 and 33; the Cognito text is OBSERVED in many client logs.
RECORDED = [
    (
        ("sts", "AssumeRole"),
        {"RoleArn": "arn:aws:iam::123456789012:role/a", "RoleSessionName": "Session1:2"},
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
    ),
    (
        ("cognito-idp", "SignUp"),
        {"ClientId": "abc", "Username": "bob", "Password": " "},
        "1 validation error detected: Value at 'password' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\S]+",
    ),
    (
        ("iam", "CreateUser"),
        {},
        "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
    ),
    (
        ("iam", "UpdateAccessKey"),
        {"AccessKeyId": "A" * 20, "Status": "Off"},
        "1 validation error detected: Value 'Off' at 'status' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Active, Inactive, Expired]",
    ),
    (
        ("sts", "GetSessionToken"),
        {"DurationSeconds": 10, "TokenCode": "12"},
        "2 validation errors detected: Value '10' at 'durationSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 900; Value '12' at 'tokenCode' failed to satisfy constraint: "
        "Member must have length greater than or equal to 6",
    ),
    (
        ("iam", "TagRole"),
        {"RoleName": "r", "Tags": [{"Key": "", "Value": "v"}]},
        "1 validation error detected: Value '' at 'tags.1.member.key' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1",
    ),
]


def operation(service: str, name: str) -> Operation:
    return service_model(service).operations[name]


@pytest.mark.parametrize(("where", "params", "text"), RECORDED)
def test_violations_are_told_in_the_words_of_aws(where: tuple[str, str], params: dict[str, object], text: str) -> None:
    with pytest.raises(ConstraintsViolated) as refused:
        check(operation(*where).input, params)
    lines = str(refused.value)
    # Some members bear a length and a pattern, and fail both: the recorded text is then among them.
    assert lines == text or text.partition(": ")[2] in lines


def test_what_keeps_every_constraint_passes() -> None:
    check(operation("iam", "CreateRole").input, {"RoleName": "a", "AssumeRolePolicyDocument": "{}"})


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_every_model_compiles(service: str) -> None:
    for op in service_model(service).operations.values():
        seen: set[int] = set()
        waiting = [shape for shape in (op.input, op.output) if shape is not None]
        while waiting:
            shape = waiting.pop()
            if id(shape) in seen:
                continue
            seen.add(id(shape))
            if shape.pattern is not None:
                compile_pattern(shape.pattern)
            waiting += [member.shape for member in shape.members.values()]


@pytest.mark.parametrize(
    ("pattern", "text", "expect"),
    [
        (r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "a-b", True),
        (r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", "a--b", False),
        (r"[0-9A-Za-z\.\-_]*(?<!\.)", "bucket.name", True),
        (r"[0-9A-Za-z\.\-_]*(?<!\.)", "bucket.", False),
        (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "v1", True),
        (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "12", False),
        (r"((?!^\d+$)^[0-9a-zA-Z-_]+$)", "12", False),
        (r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)", "system.x", False),
        (r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)", "systemx", True),
        (r"[\u0009\u000A\u000D\u0020-\u00FF]+", "{\n\t\u00ff}", True),
        (r"[\u0009\u000A\u000D\u0020-\u00FF]+", "\u0100", False),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "Stra\u00dfe 1", True),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "a;b", False),
        (r"[\w+=,.@-]+", "a\ud800", False),
        (r"[\w+=,.@-]+", "line\n", False),
    ],
)
def test_patterns_mean_what_they_mean_in_java(pattern: str, text: str, expect: bool) -> None:
    assert matches(pattern, text) is expect


def test_a_function_name_may_have_an_alias_but_not_digits_alone_after_it() -> None:
    shape = operation("lambda", "CreateAlias").input
    assert shape is not None
    pattern = next(p for p in patterns_of(operation("lambda", "GetPolicy")) if "(function:)?" in p)
    assert matches(pattern, "arn:aws:lambda:us-east-1:123456789012:function:f")
    assert matches(pattern, "f")


def patterns_of(op: Operation) -> list[str]:
    assert op.input is not None
    return [member.shape.pattern for member in op.input.members.values() if member.shape.pattern]


@given(st.text(max_size=200))
def test_no_text_takes_a_pattern_long_or_raises(text: str) -> None:
    for pattern in (r"^[\S]+.*[\S]+$", r"[\w+=,.@-]*", r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"):
        matches(pattern, text)


def test_nothing_sensitive_is_shown_however_deep_it_lies() -> None:
    shape = operation("cognito-idp", "AdminSetUserPassword").input
    with pytest.raises(ConstraintsViolated) as refused:
        check(shape, {"UserPoolId": "x", "Username": "u", "Password": "hunter2 " * 40})
    assert "hunter2" not in str(refused.value)


def test_a_message_does_not_grow_with_the_faults_of_its_request() -> None:
    tags = [{"Key": "", "Value": "v"}] * 5000
    with pytest.raises(ConstraintsViolated) as refused:
        check(operation("iam", "TagRole").input, {"RoleName": "r", "Tags": tags})
    assert str(refused.value).startswith("50 validation errors detected: ")
    with pytest.raises(ConstraintsViolated) as refused:
        check(operation("iam", "TagRole").input, {"RoleName": "r" * 1_000_000, "Tags": []})
    assert len(str(refused.value)) < 5000
