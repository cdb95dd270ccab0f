import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.rules.execute_api.access_log import (
    FORMAT_BYTES,
    NotLoggable,
    file_name,
    parse_access_log,
    parse_file_name,
)

ACCOUNT, REGION = "123456789012", "eu-west-1"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/api/shop"
# As the developer guide writes them: Common Log Format, JSON, XML, CSV.
CLF = '$context.identity.sourceIp $context.identity.user [$context.requestTime]"$context.httpMethod" $context.requestId'
JSON = '{"requestId":"$context.requestId", "ip":"$context.identity.sourceIp",\n "agent":"$context.identity.userAgent"}'
XML = '<request id="$context.requestId"><ip>$context.identity.sourceIp</ip></request>'
CSV = "$context.identity.sourceIp,$context.status,$context.requestId"


def line(text: str, **values: str) -> str:
    log = parse_access_log({"destinationArn": GROUP, "format": text}, account=ACCOUNT, region=REGION)
    assert log is not None
    return log.render(lambda name: values.get(name.replace(".", "_")))


def test_the_formats_of_the_guide_become_lines() -> None:
    values = {"identity_sourceIp": "203.0.113.9", "requestId": "id-1", "status": "200", "httpMethod": "GET"}
    assert line(CLF, **values) == '203.0.113.9 - [-]"GET" id-1'
    assert json.loads(line(JSON, **values)) == {"requestId": "id-1", "ip": "203.0.113.9", "agent": "-"}
    assert line(XML, **values) == '<request id="id-1"><ip>203.0.113.9</ip></request>'
    assert line(CSV, **values) == "203.0.113.9,200,id-1"
    assert line("$context.requestId $context.error.messageString.", error_messageString='a "b"') == '- "a \\"b\\"".'


@given(st.text(max_size=40))
def test_no_value_ends_a_line_or_a_string_in_it(value: str) -> None:
    made = line('{"id":"$context.requestId","agent":"$context.identity.userAgent"}', identity_userAgent=value)
    assert "\n" not in made
    assert json.loads(made)["agent"] == (value or "-")


@pytest.mark.parametrize("arn", [GROUP, f"{GROUP}:*"])
def test_a_log_group_has_a_file_of_its_own(arn: str) -> None:
    log = parse_access_log({"destinationArn": arn, "format": CSV}, account=ACCOUNT, region=REGION)
    assert log is not None
    assert log.file_name == "123456789012.eu-west-1.%2Fapi%2Fshop.log"
    assert parse_file_name(log.file_name) == "/api/shop"


@given(st.text(string.ascii_letters + "./#-_", min_size=1, max_size=30))
def test_file_names_are_read_back_and_stay_in_their_directory(name: str) -> None:
    made = file_name(ACCOUNT, REGION, name)
    assert "/" not in made
    assert parse_file_name(made) == name


@pytest.mark.parametrize("text", ["shop.log", f"{ACCOUNT}.{REGION}.log", f"{ACCOUNT}.{REGION}.shop.log.1"])
def test_other_files_are_no_access_logs(text: str) -> None:
    assert parse_file_name(text) is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"destinationArn": "shop", "format": CSV}, "Invalid ARN"),
        ({"destinationArn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/x", "format": CSV}, "Firehose"),
        ({"destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:a b", "format": CSV}, "Invalid ARN"),
        ({"destinationArn": GROUP.replace(ACCOUNT, "210987654321"), "format": CSV}, "must be in account"),
        ({"destinationArn": GROUP.replace(REGION, "us-east-1"), "format": CSV}, "region eu-west-1"),
        ({"destinationArn": GROUP, "format": "$context.status"}, "requestId or"),
        ({"destinationArn": GROUP, "format": "$context.requestId" + "x" * FORMAT_BYTES}, "bytes at most"),
    ],
)
def test_what_cannot_be_logged_is_refused(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(NotLoggable, match=reason):
        parse_access_log(settings, account=ACCOUNT, region=REGION)


@pytest.mark.parametrize("settings", [{}, {"destinationArn": GROUP}, {"format": CSV}])
def test_settings_that_are_not_complete_log_nothing(settings: dict[str, str]) -> None:
    assert parse_access_log(settings, account=ACCOUNT, region=REGION) is None
