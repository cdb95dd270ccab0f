"""Policies and requests that meet often enough for something to happen."""

from hypothesis import strategies as st
from tests.policy.support import ACCOUNT, METHOD, ROLE, SESSION, USER

from yett.policy import AuthorizationRequest, Kind, NamedPolicy, Principal, RequestContext, parse_stored_policy
from yett.policy.condition.operators import OPERATORS

VALUES = st.sampled_from(
    [
        "a",
        "A",
        "b",
        "*",
        "a*",
        "?",
        "",
        "1",
        "2.0",
        "true",
        "false",
        "2020-01-01",
        "10.0.0.0/8",
        "10.1.1.1",
        "YQ==",
        USER,
        "arn:aws:iam::*:user/*",
        "${aws:username}",
        "${k1, 'a'}",
        "${*}",
        "x${k2}*",
    ]
)
KEYS = st.sampled_from(["k1", "K1", "k2", "aws:username", "aws:PrincipalTag/x"])
RESOURCES = st.sampled_from(
    [
        "*",
        METHOD,
        METHOD + "/${aws:username}",
        "arn:aws:execute-api:*",
        "arn:aws:execute-api:us-*-1:*:abc/*",
        "arn:aws:execute-api:*:*:abc/prod/GET/*",
        "arn:aws:execute-api:*:*:*/GET/pets/?",
        "arn:aws:execute-api:*:*:${k1}/*",
    ]
    + [f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/prod/GET/pets/{number}" for number in range(12)]
    + [f"arn:aws:execute-api:*:*:abc/prod/GET/{name}*" for name in ("pets", "owners", "pet", "dogs", "cats", "birds")]
)
ACTIONS = st.sampled_from(
    ["*", "execute-api:*", "execute-api:Invoke", "execute-API:i?voke", "execute-api:Manage*", "s3:*"]
)
PRINCIPALS = st.sampled_from(
    [
        "*",
        {"AWS": "*"},
        {"AWS": USER},
        {"AWS": [ROLE, ACCOUNT]},
        {"AWS": [SESSION, ROLE, ACCOUNT]},
        {"AWS": ACCOUNT},
        {"Service": "apigateway.amazonaws.com"},
    ]
)
NAMES = [
    prefix + name + suffix
    for name in OPERATORS
    for prefix in ("", "ForAllValues:", "ForAnyValue:")
    for suffix in ("", "IfExists")
    if name != "Null" or prefix == suffix == ""
]


def some(values: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[object]:
    return values | st.lists(values, min_size=1, max_size=most)


@st.composite
def statements(draw: st.DrawFn, *, with_principal: bool) -> dict[str, object]:
    statement: dict[str, object] = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(some(ACTIONS)),
        draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"])): draw(some(RESOURCES)),
    }
    if draw(st.booleans()):
        statement["Condition"] = draw(
            st.dictionaries(
                st.sampled_from(NAMES), st.dictionaries(KEYS, some(VALUES), min_size=1, max_size=2), max_size=2
            )
        )
    if with_principal:
        statement[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = draw(PRINCIPALS)
    return statement


@st.composite
def policies(draw: st.DrawFn, most: int = 6) -> list[NamedPolicy]:
    with_principal = draw(st.booleans())
    kind = Kind.RESOURCE if with_principal else Kind.IDENTITY
    return [
        NamedPolicy(
            f"p{number}",
            parse_stored_policy(
                {
                    "Version": draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"])),
                    "Statement": draw(st.lists(statements(with_principal=with_principal), min_size=1, max_size=most)),
                },
                kind=kind,
            ),
        )
        for number in range(draw(st.integers(1, 3)))
    ]


CALLERS = st.sampled_from(
    [
        Principal.anonymous(),
        Principal.from_arn(USER),
        Principal.from_arn(SESSION, issuer=ROLE),
        Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:root"),
        Principal.service("apigateway.amazonaws.com"),
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> AuthorizationRequest:
    context = draw(
        st.dictionaries(
            st.sampled_from(["k1", "k2", "aws:username", "aws:PrincipalTag/x"]),
            st.lists(VALUES, min_size=0, max_size=2),
        )
    )
    return AuthorizationRequest(
        action=draw(st.sampled_from(["execute-api:Invoke", "execute-api:ManageConnections"])),
        resource=draw(st.sampled_from([METHOD, METHOD + "/a", METHOD + "/*", "arn:aws:s3:::x", METHOD[:-1] + "10"])),
        principal=draw(CALLERS),
        resource_account=ACCOUNT,
        context=RequestContext.of(context),
    )
