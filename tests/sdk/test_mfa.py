"""Second factors of IAM's users, by boto3 and the AWS CLI, with codes that another library makes."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyotp
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.cli.processes import BIN
from tests.rules.iam.qr_codes import read_qr_code
from tests.sdk.devices import ALLOWED, Telephone, user_with_device
from tests.sdk.making import Api, make_user, mock, unique
from tests.sdk.running import RunningServer

PRESENT = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def session_of(answer: dict[str, Any]) -> Credentials:
    keys = answer["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def test_a_code_opens_a_session_that_policies_know(running: RunningServer) -> None:
    name, credentials, serial, telephone = user_with_device(running)
    sts = running.client("sts", credentials)
    code = telephone.code()
    session = session_of(sts.get_session_token(SerialNumber=serial, TokenCode=code))
    assert running.client("iam", session).list_mfa_devices()["MFADevices"][0]["UserName"] == name
    with pytest.raises(ClientError, match="invalid MFA one time pass code") as refused:
        sts.get_session_token(SerialNumber=serial, TokenCode=code)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        running.client("iam", session_of(sts.get_session_token())).list_users()


def test_an_api_that_asks_for_a_second_factor_in_its_resource_policy(running: RunningServer) -> None:
    _, credentials, serial, telephone = user_with_device(running)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    }
    allow = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny, allow]})
    api = Api(running, policy=document)
    api.method("/vault", mock(), authorizationType="AWS_IAM")
    api.deploy()
    sts = running.client("sts", credentials)
    vouched = session_of(sts.get_session_token(SerialNumber=serial, TokenCode=telephone.code()))
    plain = session_of(sts.get_session_token())
    statuses = [running.call(api.id, "/prod/vault", signed_by=who).status for who in (credentials, plain, vouched)]
    assert statuses == [403, 403, 200]  # the key itself: BoolIfExists matches where there is no such key


def test_a_role_is_assumed_with_a_code(running: RunningServer) -> None:
    name, credentials, serial, telephone = user_with_device(running)
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{running.settings.account}:user/{name}"},
        "Action": "sts:AssumeRole",
        "Condition": PRESENT,
    }
    role = running.client("iam").create_role(
        RoleName=unique("vault"),
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    sts = running.client("sts", credentials)
    named = {"RoleArn": role, "RoleSessionName": "with-a-code"}
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(**named)
    session = session_of(sts.assume_role(**named, SerialNumber=serial, TokenCode=telephone.code()))
    assert running.client("sts", session).get_caller_identity()["Arn"].endswith("/with-a-code")


def test_the_aws_cli_makes_a_device_and_signs_in_with_it(running: RunningServer, tmp_path: Path) -> None:
    arn, credentials = make_user(running, ALLOWED)
    name = arn.rpartition("/")[2]

    def aws(*words: str, by: Credentials) -> Any:
        """What the command prints."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ENDPOINT_URL": running.server.url,
            "AWS_ACCESS_KEY_ID": by.access_key,
            "AWS_SECRET_ACCESS_KEY": by.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            **({"AWS_SESSION_TOKEN": by.token} if by.token else {}),
        }
        done = subprocess.run(
            [BIN / "aws", *words, "--output", "json"], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    image = tmp_path / "code.png"
    made = aws(
        "iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", unique("cli"),
        "--bootstrap-method", "QRCodePNG", "--outfile", str(image), by=credentials,
    )  # fmt: skip
    serial = made["VirtualMFADevice"]["SerialNumber"]
    (uri,) = read_qr_code(image.read_bytes())
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    telephone = Telephone(totp, -6)
    aws(
        "iam", "enable-mfa-device", "--user-name", name, "--serial-number", serial,
        "--authentication-code1", telephone.code(), "--authentication-code2", telephone.code(), by=credentials,
    )  # fmt: skip
    session = session_of(
        aws("sts", "get-session-token", "--serial-number", serial, "--token-code", telephone.code(), by=credentials)
    )
    (listed,) = aws("iam", "list-mfa-devices", by=session)["MFADevices"]
    assert (listed["UserName"], listed["SerialNumber"]) == (name, serial)
    aws("iam", "deactivate-mfa-device", "--user-name", name, "--serial-number", serial, by=session)
    aws("iam", "delete-virtual-mfa-device", "--serial-number", serial, by=session)
