import pytest

from yett.server.responses import DateLine, render_head
from yett.values.http import Headers, HttpResponse


def test_the_date_line_is_in_the_preferred_format_and_follows_the_second() -> None:
    line = DateLine()
    assert line.at(784111777.2) == line.at(784111777.9) == b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    assert line.at(784111778.0) == b"Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"


@pytest.mark.parametrize("status", [0, 100, 101, 199, 1000, -200])
def test_a_status_that_is_not_final_is_refused(status: int) -> None:
    with pytest.raises(ValueError):
        render_head(HttpResponse(status=status), is_head=False, keep_alive=True)


def test_a_status_without_a_phrase_has_an_empty_one() -> None:
    assert render_head(HttpResponse(status=299), is_head=False, keep_alive=True).startswith(b"HTTP/1.1 299 \r\n")


@pytest.mark.parametrize(
    ("status", "is_head", "told", "expected"),
    [
        (200, False, "99", b"Content-Length: 0\r\n"),
        (200, True, "99", b"Content-Length: 99\r\n"),
        (200, True, "9a", b"Content-Length: 0\r\n"),
        (304, False, "99", b"Content-Length: 99\r\n"),
        (204, False, "99", b""),
        (204, True, "99", b""),
    ],
)
def test_a_length_that_is_told_counts_only_where_the_body_is_absent_by_rule(
    status: int, is_head: bool, told: str, expected: bytes
) -> None:
    response = HttpResponse(status=status, headers=Headers.of([("content-length", told), ("Date", "x"), ("X-A", "1")]))
    head = render_head(response, is_head=is_head, keep_alive=False)
    _, _, rest = head.partition(b"X-A: 1\r\n")
    assert rest.partition(b"GMT\r\n")[2] == expected + b"Connection: close\r\n\r\n"
    assert head.count(b"Date:") == 1
