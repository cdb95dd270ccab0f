import json
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Shop
from tests.cli.processes import run


def curl(shop: Shop, *words: str, text: str | None = None, **environment: str) -> tuple[int, str, str]:
    result = run("yett", "curl", *words, environment=shop.environment | environment, cwd=shop.directory, text=text)
    return result.returncode, result.stdout, result.stderr


def test_a_call_that_is_allowed_ends_with_0(shop: Shop) -> None:
    code, out, err = curl(shop, f"{shop.url}/signed")
    assert (code, json.loads(out), err) == (0, {"path": "/signed", "sent": None}, "")


def test_names_below_localhost_are_this_machine(shop: Shop) -> None:
    found = re.search(r":(\d+)/restapis/(\w+)/|//(\w+)\.execute-api\.localhost:(\d+)", shop.url)
    assert found is not None
    port, api_id = found[1] or found[4], found[2] or found[3]
    code, out, err = curl(shop, f"http://{api_id}.execute-api.localhost:{port}/prod/signed")
    assert (code, err) == (0, "")
    assert json.loads(out)["path"] == "/signed"


def test_a_refused_call_ends_with_22_and_says_how_to_ask_why(shop: Shop) -> None:
    code, out, err = curl(shop, f"{shop.url}/signed", AWS_ACCESS_KEY_ID="AKIAUNKNOWN", AWS_SECRET_ACCESS_KEY="none")
    assert code == 22
    assert json.loads(out) == {"message": "The security token included in the request is invalid."}
    assert re.search(r"refused with 403; why: yett explain [0-9a-f-]{36}", err)


def test_status_and_headers_are_printed_when_asked_for(shop: Shop) -> None:
    code, out, _ = curl(shop, "-i", f"{shop.url}/signed")
    assert code == 0
    assert out.startswith("HTTP/1.1 200\n")
    assert "\nx-amzn-RequestId: " in out


def test_a_body_comes_from_the_line_from_a_file_or_from_standard_input(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"from": "a file"}')
    url = f"{shop.url}/mine"
    for data in ('{"from": "the line"}', f"@{tmp_path / 'body.json'}", "@-"):
        code, out, _ = curl(shop, "-d", data, url, text='{"from": "standard input"}')
        assert code == 22  # this route wants a token, not a signature
        assert json.loads(out) == {"message": "Unauthorized"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("-H", "no colon", "http://localhost:1/"), 2, "write NAME: VALUE"),
        (("ftp://localhost/",), 1, "is no http or https URL"),
        (("http://localhost:1/",), 1, "cannot reach `http://localhost:1/`"),
        (("http://localhost:1/a b",), 1, "cannot send this request"),
        (("-d", "@missing", "http://localhost:1/"), 1, "missing"),
    ],
)
def test_what_cannot_be_sent_is_said_in_clear_words(shop: Shop, words: tuple[str, ...], code: int, said: str) -> None:
    ended, _, err = curl(shop, *words)
    assert ended == code
    assert said in err
    assert "Traceback" not in err
