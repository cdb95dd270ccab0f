"""Why policies refused, from the answer's header to `aws sts decode-authorization-message`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.cli.processes import BIN
from tests.sdk.making import make_user
from tests.sdk.running import RunningServer

HEADER = "x-yett-authorization-message"


def refused(running: RunningServer, who: Credentials) -> str:
    """The message of a refusal of ListUsers."""
    with pytest.raises(ClientError, match="AccessDenied") as error:
        running.client("iam", who).list_users()
    return str(error.value.response["ResponseMetadata"]["HTTPHeaders"][HEADER])


def test_the_aws_cli_decodes_what_an_answer_carried(running: RunningServer, tmp_path: Path) -> None:
    deny = {"Sid": "NoLooking", "Effect": "Deny", "Action": "iam:List*", "Resource": "*"}
    arn, credentials = make_user(running, deny)
    message = refused(running, credentials)
    root = running.root
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": running.server.url,
        "AWS_ACCESS_KEY_ID": root.access_key,
        "AWS_SECRET_ACCESS_KEY": root.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    words = ["sts", "decode-authorization-message", "--encoded-message", message, "--query", "DecodedMessage"]
    done = subprocess.run(
        [BIN / "aws", *words, "--output", "text"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    assert told["matchedStatements"]["items"][0]["statementId"] == "NoLooking"
    assert told["context"]["principal"]["arn"] == arn
    assert credentials.secret_key not in done.stdout


def test_a_message_outlives_a_restart_and_is_no_other_server_s(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("home", "other")]
    for home in homes:
        home.mkdir()
    with RunningServer(homes[0]) as running:
        _, credentials = make_user(running)
        message = refused(running, credentials)
    with RunningServer(homes[0]) as running:
        sts = running.client("sts")
        assert json.loads(sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
        with pytest.raises(ClientError, match="AccessDenied"):
            running.client("sts", credentials).decode_authorization_message(EncodedMessage=message)
    with (
        RunningServer(homes[1]) as running,
        pytest.raises(ClientError, match="InvalidAuthorizationMessageException"),
    ):
        running.client("sts").decode_authorization_message(EncodedMessage=message)
