import pytest

from yett.rules.sts.errors import Fault, SessionRefused
from yett.rules.sts.session_policy import measure_packed


def test_nothing_takes_nothing() -> None:
    assert measure_packed(None, (), {}) == 0


def test_what_is_carried_is_told_in_percent_rounded_up() -> None:
    assert measure_packed("x", (), {}) == 1
    assert measure_packed(None, (), {"k": "v" * 4095}) == 100


@pytest.mark.parametrize(
    ("policy", "arns", "tags"),
    [("x" * 2049, (), {}), ("x" * 2000, ("y" * 49,), {}), (None, (), {"k": "v" * 4096})],
)
def test_too_much_is_refused(policy: str | None, arns: tuple[str, ...], tags: dict[str, str]) -> None:
    with pytest.raises(SessionRefused) as refused:
        measure_packed(policy, arns, tags)
    assert refused.value.fault is Fault.PACKED_TOO_LARGE
