"""The pet store's demo: every answer is the expected one, and none of its gates can be missing unnoticed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from examples.petstore import demo
from msgspec import structs

from yett.adapters.callers import StoredCallers
from yett.adapters.shared_state.memory import MemoryAuthorizerCache
from yett.execute_api.authenticators import lambda_authorizer
from yett.execute_api.authenticators.cognito import CognitoAuthenticator
from yett.execute_api.authenticators.lambda_authorizer import LambdaAuthenticator
from yett.execute_api.invocation import Invoker
from yett.execute_api.rest import RestLine
from yett.policy import Decision, Outcome
from yett.rules.execute_api.authorizers.cognito import read_token
from yett.rules.execute_api.authorizers.lambda_answer import parse_answer
from yett.rules.execute_api.call import Routed, Screened, Standing
from yett.rules.execute_api.identity_source import read
from yett.services.iam.authentication import expect
from yett.sigv4 import Expectation
from yett.tokens import UnverifiedJws, VerifiedJws, peek
from yett.values.identity import PoolIdentity

Replace = Callable[[str, Any], None]
ALLOWED = Decision(Outcome.ALLOW)
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class Store:
    """The pet store, put up once, whose line can be made afresh: nothing that one gate let in is remembered."""

    def __init__(self, home: Path) -> None:
        self.running = demo.Running(home, say=lambda line: None)

    def __enter__(self) -> "Store":
        self.running.__enter__()
        self.callers = demo.Callers(self.running)
        return self

    def __exit__(self, *_: object) -> None:
        self.running.__exit__()

    def differing(self) -> set[str]:
        """The names of the requests that are not answered as expected."""
        server = self.running.server
        door = server._wired.doors.execute_api.__self__
        door._rest = RestLine(structs.replace(server.ports, authorizer_cache=MemoryAuthorizerCache()))
        return {row.case["name"] for row in demo.send_cases(self.running, self.callers) if row.differs}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("home")) as up:
        yield up


def test_every_request_is_answered_as_expected(store: Store) -> None:
    assert store.differing() == set()


# -- the gates, each as a pass-through


def open_host_rule(replace: Replace) -> None:
    replace("yett.server.shared.Shared.find_host", lambda self, value: value.partition(":")[0])


def open_screen(replace: Replace) -> None:
    def screen(routed: Routed, *, wording: object) -> Screened:
        return Screened(routed)

    replace("yett.execute_api.rest.screen", screen)


def open_signatures(replace: Replace) -> None:
    replace("yett.services.iam.authentication.verify", lambda *arguments, **options: None)


def open_clock(replace: Replace) -> None:
    """Old signatures are as good as new ones."""

    def expect_any_time(region: str, is_strict: bool) -> Expectation:
        return expect("execute-api", region, 10**9, is_strict)

    replace("yett.execute_api.authenticators.iam._expect", expect_any_time)


def open_access_keys(replace: Replace) -> None:
    """Whoever's the key is, it is taken for a user's of the account."""

    async def resolve(self: StoredCallers, access_key_id: str, session_token: str | None, *, now: object) -> object:
        return await self.root("123456789012")

    replace("yett.adapters.callers.StoredCallers.resolve", resolve)
    open_signatures(replace)


def open_session_expiry(replace: Replace) -> None:
    def open_token(self: StoredCallers, access_key_id: str, session_token: str, *, now: object) -> object:
        opened = self._session_tokens.open(session_token)
        assert opened is not None
        return opened

    replace("yett.adapters.callers.StoredCallers._open", open_token)


def open_iam(replace: Replace) -> None:
    async def authenticate(routed: Any, ports: Any) -> Standing:
        caller = await ports.callers.root(routed.plan.account)
        return Standing(identity=caller.identity, caller_policies=caller.policies)

    replace("yett.execute_api.authenticate.authenticate_iam", authenticate)


def open_token_signatures(replace: Replace) -> None:
    def verify(token: UnverifiedJws, keys: object, *, algorithms: object) -> VerifiedJws:
        return VerifiedJws(token.jose_header, token.payload)

    replace("yett.execute_api.authenticators.cognito.verify_jws", verify)


def open_token_claims(replace: Replace) -> None:
    def accept(token: Any, *, scopes: object, validation: object, now: object) -> PoolIdentity:
        return PoolIdentity(pool_arn=token.pool_arn, claims=token.claims, scopes=(), subject=token.claims["sub"])

    replace("yett.execute_api.authenticators.cognito.accept", accept)


def open_token_issuers(replace: Replace) -> None:
    """Tokens of any pool are good, under its own keys."""
    verify = CognitoAuthenticator._verify

    async def verify_any(self: CognitoAuthenticator, value: str, key: Any, authorizer: Any, routed: Any) -> object:
        pool = peek(read_token(value))[1]["iss"].rpartition("/")[2]
        (known,) = authorizer.pool_arns
        arn = f"{known.rpartition('/')[0]}/{pool}"
        return await verify(self, value, key, structs.replace(authorizer, pool_arns=frozenset({arn})), routed)

    replace("yett.execute_api.authenticators.cognito.CognitoAuthenticator._verify", verify_any)


def open_evidence(replace: Replace) -> None:
    def read_evidence(authorizer: Any, routed: Any) -> tuple[tuple[str, ...], ...]:
        found = read(authorizer.sources, routed.request, stage_variables={}, context=lambda name: None)
        return found or (("",),)

    replace("yett.execute_api.authenticators.lambda_authorizer._read_evidence", read_evidence)


def open_authorizers(replace: Replace) -> None:
    document = {"principalId": "anyone", "policyDocument": {"Version": "2012-10-17", "Statement": [ALLOW_ALL]}}

    async def ask(self: LambdaAuthenticator, authorizer: Any, *_: object) -> tuple[object, bytes]:
        payload = msgspec.json.encode(document)
        return parse_answer(payload, authorizer_id=authorizer.id), payload

    replace("yett.execute_api.authenticators.lambda_authorizer.LambdaAuthenticator._ask", ask)


def open_authorizer_refusals(replace: Replace) -> None:
    """A function that fails is taken for one that allows."""
    is_unauthorized = lambda_authorizer.is_unauthorized
    document = {"principalId": "anyone", "policyDocument": {"Version": "2012-10-17", "Statement": [ALLOW_ALL]}}
    invoke = LambdaAuthenticator._invoke

    async def invoke_and_trust(self: LambdaAuthenticator, *arguments: Any) -> Any:
        given = await invoke(self, *arguments)
        if given.function_error is None or not is_unauthorized(given.payload):
            return given
        return SimpleNamespace(function_error=None, payload=msgspec.json.encode(document))

    replace("yett.execute_api.authenticators.lambda_authorizer.LambdaAuthenticator._invoke", invoke_and_trust)


def open_authorization(replace: Replace) -> None:
    replace("yett.execute_api.authorize.decide_call", lambda question, standing: ALLOWED)


def open_function_permission(replace: Replace) -> None:
    async def may_invoke(self: Invoker, *arguments: object, **options: object) -> bool:
        return True

    replace("yett.execute_api.invocation.Invoker._may_invoke", may_invoke)


def open_control_plane(replace: Replace) -> None:
    replace("yett.services.perform.authorize", lambda *arguments, **options: None)


def open_dynamodb(replace: Replace) -> None:
    replace("yett.control_plane.forwarding.authorize", lambda *arguments, **options: None)


def open_trust_policies(replace: Replace) -> None:
    replace("yett.services.sts.assume_role.weigh", lambda *arguments, **options: None)


# what opens a gate, and the requests that must then be answered otherwise
GATES = (
    (open_host_rule, {"a page of another site"}),
    (open_screen, {"a stranger elsewhere"}),
    (open_signatures, {"a wrong secret"}),
    (open_clock, {"a signature of ten minutes ago"}),
    (open_access_keys, {"an unknown access key", "the auditor's expired session"}),
    (open_session_expiry, {"the auditor's expired session"}),
    (open_iam, {"nobody's signature", "a wrong secret", "an unknown access key", "the clerk at the vault"}),
    (open_token_signatures, {"a forged customer token"}),
    (
        open_token_claims,
        {
            "a customer's expired token",
            "an access token where an ID token is wanted",
            "an application without the scope",
        },
    ),
    (open_token_issuers, {"another pool's token"}),
    (open_evidence, {"a tenant without a code"}),
    (open_authorizers, {"a forged partner token", "a tenant with another's code", "a partner reserves"}),
    (open_authorizer_refusals, {"a forged partner token", "a customer's token at the partners' door"}),
    (
        open_authorization,
        {
            "the clerk at the vault",
            "a partner reserves",
            "a tenant with another's code",
            "the hours, from elsewhere",
            "the subsidiary at the ledger",
            "a subsidiary's user without a policy",
        },
    ),
    (open_function_permission, {"a method that was forgotten"}),
    (open_control_plane, {"the function's own rights"}),
    (open_dynamodb, {"the function's own rights"}),
    (open_trust_policies, {"the function's own rights"}),
)


@pytest.mark.parametrize(("open_gate", "noticed_by"), GATES, ids=[gate.__name__ for gate, _ in GATES])
def test_a_gate_that_lets_everyone_through_is_noticed(
    store: Store, monkeypatch: pytest.MonkeyPatch, open_gate: Callable[[Replace], None], noticed_by: set[str]
) -> None:
    with monkeypatch.context() as patch:
        open_gate(patch.setattr)
        differing = store.differing()
    assert noticed_by <= differing


def test_the_gates_leave_nothing_behind(store: Store) -> None:
    assert store.differing() == set()


def test_the_demo_fails_if_one_answer_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = demo.read_cases()[0]
    rows = [demo.Row(case, got="200", body="{}"), demo.Row(case, got="500", body="{}", differs=["status 200"])]
    monkeypatch.setattr(demo, "run_cases", lambda say: rows)
    assert demo.main() == 1
    assert "2 requests, 1 answered as expected, 1 differ" in capsys.readouterr().out
    monkeypatch.setattr(demo, "run_cases", lambda say: rows[:1])
    assert demo.main() == 0


def test_every_expectation_has_its_source() -> None:
    data = msgspec.json.decode((demo.HERE / "demo.json").read_bytes())
    assert [row["name"] for row in data["rows"] if row["source"] not in data["sources"]] == []


def test_every_refusal_of_the_table_stands_for_a_gate() -> None:
    refusals = {row["name"] for row in demo.read_cases() if row["status"] >= 400}
    nothing_to_let_in = {"no such method", "a customer without a token", "a partner without a token"}
    assert refusals - {name for _, noticed in GATES for name in noticed} == nothing_to_let_in
