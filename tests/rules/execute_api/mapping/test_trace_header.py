import pytest
from tests.rules.execute_api.support import NOW, call, http

from yett.rules.execute_api.mapping.trace_header import render_trace_header

WHOLE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
FRESH = f"Root=1-{int(NOW.timestamp()):08x}-0f1e2d3c4b5a49788695a4b3"


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (None, FRESH),
        ("Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1-5759e988-bd862e3fe1be46a994272793"),
        ("Self=1-0-0;Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1-5759e988-bd862e3fe1be46a994272793"),
        (WHOLE, WHOLE),
        (f"{WHOLE};Lineage=a:0", WHOLE),
        ("Root=nonsense", FRESH),
        ("", FRESH),
    ],
)
def test_the_client_s_root_is_kept_and_else_one_is_made(received: str | None, expected: str) -> None:
    """Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader"""
    headers = (("X-Amzn-Trace-Id", received),) if received is not None else ()
    assert render_trace_header(call(http(), headers=headers).routed.request) == expected
