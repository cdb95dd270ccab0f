from pathlib import Path

import pytest

from yett.server.matrix_file import parse
from yett.testing.golden import GoldenMatrix

ROUTES: dict[str, dict[str, str | int]] = {
    "GET /pets": {"anonymous": "allow", "clerk": "allow"},
    "GET /stock/1": {"anonymous": "unauthenticated", "clerk": "implicit_deny"},
}


def golden(routes: dict[str, dict[str, str | int]] = ROUTES, *, updates: bool = False) -> GoldenMatrix:
    return GoldenMatrix(routes, callers=("anonymous", "clerk"), updates=updates)


def test_a_file_that_is_not_there_is_asked_for_and_written_on_demand(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    with pytest.raises(AssertionError, match="--update-golden"):
        golden().assert_matches(file)
    golden(updates=True).assert_matches(file)
    golden().assert_matches(file)


def test_each_cell_that_differs_is_named(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    golden(updates=True).assert_matches(file)
    changed = {**ROUTES, "GET /stock/1": {"anonymous": "unauthenticated", "clerk": "allow"}}
    with pytest.raises(AssertionError) as failed:
        golden(changed).assert_matches(file)
    assert "GET /stock/1 as clerk: expected implicit_deny, is allow" in str(failed.value)
    assert "GET /pets" not in str(failed.value)


def test_how_callers_prove_themselves_survives_an_update(tmp_path: Path) -> None:
    file = tmp_path / "matrix.yaml"
    golden(updates=True).assert_matches(file)
    file.write_text(file.read_text().replace("clerk: {}", "clerk: {profile: clerk}"))
    golden().assert_matches(file)
    golden(updates=True).assert_matches(file)
    assert parse(file.read_text()).callers["clerk"].profile == "clerk"
