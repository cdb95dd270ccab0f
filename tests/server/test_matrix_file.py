import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.server.matrix_file import OUTCOMES, CallerRow, MatrixFile, NotAMatrix, differences, matrix_of, parse, render

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)


@given(
    names=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    paths=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    outcome=st.sampled_from([*OUTCOMES, 200, 403]),
    profile=st.none() | NAMES,
)
def test_what_is_written_is_read_again(
    names: list[str], paths: list[str], outcome: str | int, profile: str | None
) -> None:
    matrix = MatrixFile(
        callers={name: CallerRow(profile=profile) for name in names},
        routes={f"GET /{path}": dict.fromkeys(names, outcome) for path in paths},
    )
    assert parse(render(matrix)) == matrix
    assert list(differences(matrix, parse(render(matrix)))) == []


def test_tokens_keep_their_header() -> None:
    row = CallerRow(token_env="TOKEN", header="X-Token")
    matrix = MatrixFile(callers={"a": row}, routes={"GET /": {"a": "allow"}})
    assert parse(render(matrix)).callers["a"] == row


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no YAML"),
        ("[]", "no `routes`"),
        ("routes: {pets: {}}", "write METHOD /path"),
        ("routes: {GET /pets: {bob: allow}}", "which `callers` does not list"),
        ("callers: {bob: {}}\nroutes: {GET /pets: {bob: perhaps}}", "neither a status nor one of"),
        ("callers: {bob: {password: x}}\nroutes: {}", "something else than"),
    ],
)
def test_what_is_no_matrix_is_refused_with_the_place_of_the_fault(text: str, said: str) -> None:
    with pytest.raises(NotAMatrix) as refused:
        parse(text)
    assert said in refused.value.reason


def test_of_several_addresses_the_first_is_kept() -> None:
    answer = {
        "callers": [
            {"principal": "anonymous", "sourceIp": "10.0.0.1"},
            {"principal": "anonymous", "sourceIp": "192.0.2.1"},
            {"principal": "user/bob", "sourceIp": "10.0.0.1"},
        ],
        "routes": [{"method": "GET", "path": "/", "outcomes": ["allow", "implicit_deny", "allow"]}],
    }
    matrix = matrix_of(answer)
    assert matrix.routes == {"GET /": {"anonymous": "allow", "user/bob": "allow"}}
    assert matrix.callers["user/bob"].profile == "bob"
