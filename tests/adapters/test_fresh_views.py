from typing import Any

import pytest
from tests.fakes.clock import START

from yett.adapters.fresh_views import FreshCallers, FreshFunctions, FreshKeySets, FreshPlans

ASKED: list[tuple[type, str, tuple[Any, ...], dict[str, Any]]] = [
    (FreshCallers, "current", ("AKIA", None), {"now": START}),
    (FreshCallers, "resolve", ("AKIA", None), {"now": START}),
    (FreshCallers, "user", ("arn",), {}),
    (FreshCallers, "role", ("arn", "s"), {"now": START}),
    (FreshCallers, "service_role", ("arn", "s"), {"service": "x", "now": START}),
    (FreshCallers, "root", ("1",), {}),
    (FreshPlans, "current", ("api", "prod"), {}),
    (FreshPlans, "resolve", ("api", "prod"), {}),
    (FreshFunctions, "current", ("arn",), {}),
    (FreshFunctions, "resolve", ("arn",), {}),
    (FreshKeySets, "current", ("issuer",), {}),
    (FreshKeySets, "resolve", ("issuer",), {"now": START, "unknown_kid": True}),
]


@pytest.mark.parametrize(("view", "method", "given", "named"), ASKED, ids=[f"{v.__name__}.{m}" for v, m, _, _ in ASKED])
async def test_every_look_up_first_drops_what_was_committed_elsewhere(
    view: type, method: str, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    order: list[object] = []

    class Within:
        """Whatever is asked, in whichever way the method is called."""

        def __getattr__(self, name: str) -> Any:
            def note(*arguments: object, **keywords: object) -> Any:
                order.append((name, arguments, keywords))

                async def answer() -> str:
                    return "found"

                return "found" if name == "current" else answer()

            return note

    answer = getattr(view(Within(), lambda: order.append("caught up")), method)(*given, **named)
    assert (answer if method == "current" else await answer) == "found"
    assert order == ["caught up", (method, given, named)]


@pytest.mark.parametrize("view", [FreshCallers, FreshPlans, FreshFunctions, FreshKeySets])
def test_no_look_up_is_left_out(view: type) -> None:
    # What a machine lacks is no matter of the store.
    public = {name for name in vars(view) if not name.startswith("_")}
    assert public - {"missing_runtime"} == {method for each, method, _, _ in ASKED if each is view}
