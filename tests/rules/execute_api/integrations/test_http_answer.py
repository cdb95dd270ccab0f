from tests.rules.execute_api.support import REQUEST_ID

from yett.rules.execute_api.integrations.http_answer import relay
from yett.rules.execute_api.request_ids import request_id_lines
from yett.values.http import Headers


def test_the_backend_s_answer_reaches_the_client_with_what_is_renamed_and_dropped() -> None:
    headers = Headers(
        (("Content-Type", "text/plain"), ("Server", "x"), ("Set-Cookie", "a"), ("Set-Cookie", "b"), ("Via", "y"))
    )
    answer = relay(418, headers, b"body", request_id=REQUEST_ID)
    assert (answer.status, answer.body) == (418, b"body")
    assert answer.headers.lines == (
        ("Content-Type", "text/plain"),
        ("x-amzn-remapped-Server", "x"),
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
        *request_id_lines(REQUEST_ID),
    )
