"""The pet store's callers, good and bad, each answered as AWS would: `make demo`.

Starts a server of its own on a free port with a home that is thrown away, puts the template up, sends the requests of
demo.json and prints what was expected beside what came. Exits with 1 if one answer differs.
"""

import asyncio
import base64
import http.client
import json
import logging
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import jwt
import uvloop
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace
from rich.console import Console

from yett.server.logging import configure_logging
from yett.server.putting_up import put_up
from yett.server.run import Server
from yett.server.settings import ServerSettings

HERE = Path(__file__).parent
PASSWORD = "Correct-horse-7"
NO_WAITING = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)


@dataclass
class Row:
    """One request, what was expected and what came."""

    case: dict
    got: str  # status and error type
    body: str
    differs: list = field(default_factory=list)


class Running:
    """A server in a thread of its own, with the pet store up on it."""

    def __init__(self, home, say=print):
        self.settings = ServerSettings(home=Path(home), port=0)
        self.say = say
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="server")

    def run(self, work):
        """Run a coroutine on the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(300)

    def __enter__(self):
        self.thread.start()
        try:
            self.server = self.run(Server.start(self.settings))
            self.up = self.run(put_up(self.server, HERE / "template.yaml", {}, lambda line: self.say(f"  {line}")))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if hasattr(self, "up"):
            self.run(self.up.stop())
        if hasattr(self, "server"):
            self.run(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def client(self, service, credentials=None):
        """A boto3 client of the server, as root unless told otherwise."""
        keys = credentials or Credentials(self.server.root.access_key_id, self.server.root.secret_access_key.reveal())
        return boto3.client(
            service,
            endpoint_url=self.server.url,
            region_name=self.settings.region,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=NO_WAITING,
        )


class Callers:
    """Everybody's credentials, made with the AWS SDK as their owners would make them."""

    def __init__(self, running):
        self.running = running
        self.outputs = running.up.outputs
        self.facts = {
            "account": running.settings.account,
            "account_tail": running.settings.account[-4:],
            "region": running.settings.region,
            "subsidiary": self.outputs["SubsidiaryAccount"],
            "pets_api": api_of(self.outputs["PetsUrl"]),
            "office_api": api_of(self.outputs["OfficeUrl"]),
        }
        self.headers = {"none": {}}
        self.signers = {}
        self.add_customers_and_partners()
        self.add_staff()
        self.add_subsidiary()

    def add_customers_and_partners(self):
        """Sign alice in at the customers' pool, bob at the partners', an application for itself; forge and expire
        some.
        """
        outputs = self.outputs
        alice = self.sign_in(outputs["CustomerPoolId"], outputs["StoreClientId"], "alice")
        bob = self.sign_in(outputs["PartnerPoolId"], outputs["PartnerClientId"], "bob")
        tokens = {
            "alice_id_token": alice["IdToken"],
            "alice_access_token": alice["AccessToken"],
            "alice_expired_token": self.expire(alice["IdToken"], outputs["CustomerPoolId"]),
            "alice_forged_token": forge(alice["IdToken"]),
            "bob_id_token": bob["IdToken"],
            "orders_access_token": self.client_credentials("petstore/orders.read"),
            "pets_access_token": self.client_credentials("petstore/pets.read"),
            "bob_bearer_token": f"Bearer {bob['IdToken']}",
            "bob_forged_bearer_token": f"Bearer {forge(bob['IdToken'])}",
            "alice_bearer_token": f"Bearer {alice['IdToken']}",
        }
        self.headers |= {name: {"Authorization": token} for name, token in tokens.items()}

    def sign_in(self, pool, client, username):
        """Give the user a password and sign in with it."""
        cognito = self.running.client("cognito-idp")
        cognito.admin_set_user_password(UserPoolId=pool, Username=username, Password=PASSWORD, Permanent=True)
        return cognito.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]

    def client_credentials(self, scope):
        """An access token for the batch application, at the pool's own domain."""
        outputs = self.outputs
        described = self.running.client("cognito-idp").describe_user_pool_client(
            UserPoolId=outputs["CustomerPoolId"], ClientId=outputs["OrdersClientId"]
        )["UserPoolClient"]
        basic = base64.b64encode(f"{described['ClientId']}:{described['ClientSecret']}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.running.server.port}/oauth2/token",
            data=urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope}).encode(),
            headers={
                "Host": f"petstore-customers.auth.localhost:{self.running.server.port}",
                "Authorization": f"Basic {basic}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["access_token"]

    def expire(self, token, pool):
        """The same token as the pool would have signed it two hours ago: its own key, from the server's store."""
        claims = jwt.decode(token, options={"verify_signature": False})
        past = int(time.time()) - 7200
        claims |= {"iat": past, "auth_time": past, "exp": past + 3600}
        ports = self.running.server.ports
        place = self.running.run(ports.user_pool_store.place_of_pool(pool))
        return self.running.run(ports.signing_keys.sign(place, claims, token_use="id"))

    def add_staff(self):
        """The clerk with the template's access key, and a session of the auditor's role."""
        key = self.running.client("iam").create_access_key(UserName="petstore-clerk")["AccessKey"]
        clerk = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        session = self.running.client("sts", clerk).assume_role(
            RoleArn=self.outputs["AuditorArn"], RoleSessionName="demo"
        )
        self.signers |= {
            "clerk": (clerk, timedelta()),
            "clerk_wrong_secret": (Credentials(clerk.access_key, "not-the-secret"), timedelta()),
            "clerk_ten_minutes_ago": (clerk, timedelta(minutes=-10)),
            "unknown_key": (Credentials("AKIAUNKNOWNUNKNOWN00", "nobody-knows"), timedelta()),
            "auditor": (keys_of(session), timedelta()),
            "auditor_expired": (self.expired_session(session), timedelta()),
        }

    def expired_session(self, session):
        """The auditor's session as it would be an hour after its end."""
        tokens = self.running.server.ports.session_tokens
        opened = tokens.open(session["Credentials"]["SessionToken"])
        issued = tokens.issue(replace(opened.session, expires_at=datetime.now(UTC) - timedelta(hours=1)))
        return Credentials(issued.access_key_id, issued.secret_access_key.reveal(), issued.session_token)

    def add_subsidiary(self):
        """Two users of the second account: one whose policy allows the office's API, one without a policy."""
        iam = self.running.client("iam")
        iam.create_user(UserName="head-office")
        iam.attach_user_policy(UserName="head-office", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName="head-office")["AccessKey"]
        head_office = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        role = f"arn:aws:iam::{self.facts['subsidiary']}:role/OrganizationAccountAccessRole"
        session = self.running.client("sts", head_office).assume_role(RoleArn=role, RoleSessionName="demo")
        there = self.running.client("iam", keys_of(session))
        for name in ("buyer", "trainee"):
            there.create_user(UserName=name)
            key = there.create_access_key(UserName=name)["AccessKey"]
            signer = "subsidiary" if name == "buyer" else "subsidiary_trainee"
            self.signers[signer] = (Credentials(key["AccessKeyId"], key["SecretAccessKey"]), timedelta())
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        there.put_user_policy(UserName="buyer", PolicyName="call-the-office", PolicyDocument=json.dumps(document))


def api_of(url):
    """The API id in an invoke URL, by host name or by path."""
    parts = urllib.parse.urlsplit(url)
    return parts.path.split("/")[2] if parts.path.startswith("/restapis/") else parts.hostname.partition(".")[0]


def keys_of(session):
    """The credentials of an AssumeRole answer."""
    keys = session["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def forge(token):
    """The same claims and key id under a key that the pool does not have."""
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    key = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": header["kid"]})


def send(case, running, callers):
    """Send one case's request from its own address; give status, error type and body."""
    port = running.server.port
    host = f"{callers.facts[case['api'] + '_api']}.execute-api.localhost:{port}"
    target = f"/prod{case['path']}"
    body = json.dumps(case["send"]) if "send" in case else None
    headers = {
        "Host": case.get("host", host),
        **case.get("headers", {}),
        **callers.headers.get(case["credentials"], {}),
    }
    if body:
        headers["Content-Type"] = "application/json"
    if case["credentials"] in callers.signers:
        credentials, offset = callers.signers[case["credentials"]]
        request = AWSRequest(method=case["method"], url=f"http://{host}{target}", data=body)
        headers |= sign(request, credentials, offset, running.settings.region)
    source_ip = case.get("source_ip", "127.0.0.1")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source_ip, 0))
    try:
        connection.request(case["method"], target, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("x-amzn-ErrorType"), answer.read().decode()
    finally:
        connection.close()


def sign(request, credentials, offset, region):
    """The headers with which botocore signs a request, as if the clock were off by *offset*."""
    signer = SigV4Auth(credentials, "execute-api", region)
    moment = (datetime.now(UTC) + offset).strftime("%Y%m%dT%H%M%SZ")
    request.context["timestamp"] = moment
    request.headers["X-Amz-Date"] = moment
    if credentials.token:
        request.headers["X-Amz-Security-Token"] = credentials.token
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)
    return {name: value for name, value in request.headers.items() if name.lower() != "host"}


def compare(case, facts, status, error_type, body):
    """What differs from the case's expectation, each as a text."""
    differs = []
    if status != case["status"]:
        differs.append(f"status {case['status']}")
    if error_type != case.get("error_type"):
        differs.append(f"x-amzn-ErrorType {case.get('error_type')}")
    try:
        got = json.loads(body)
    except ValueError:
        return [*differs, "a JSON body"]
    for name, value in case.get("body", {}).items():
        expected = fill(value, facts)
        if name not in got or got[name] != expected:
            differs.append(f"{name}: {expected}")
    for name, value in case.get("body_starts", {}).items():
        if not str(got.get(name)).startswith(value):
            differs.append(f"{name}: {value} ...")
    return differs


def fill(value, facts):
    """A text of the table with this run's account, region and APIs in it."""
    if not isinstance(value, str):
        return value
    for name, fact in facts.items():
        value = value.replace(f"{{{name}}}", fact)
    return value


def read_cases():
    """The requests, and what AWS answers to each."""
    return json.loads((HERE / "demo.json").read_text())["rows"]


def send_cases(running, callers):
    """Send every case, give the rows."""
    rows = []
    for case in read_cases():
        status, error_type, body = send(case, running, callers)
        differs = compare(case, callers.facts, status, error_type, body)
        rows.append(Row(case, got=f"{status} {error_type or ''}".strip(), body=body, differs=differs))
    return rows


def run_cases(say=print):
    """Put the store up, send every case, give the rows."""
    with tempfile.TemporaryDirectory(prefix="yett-demo-") as home, Running(home, say) as running:
        return send_cases(running, Callers(running))


def show(rows, console):
    """The rows as a table: request, expected, got, why. Where that is too wide, what differs and why go below."""
    lines = [(request_of(row.case), expected_of(row.case), row.got, describe(row)) for row in rows]
    requests, expectations, answers, reasons = (max(map(len, column)) for column in zip(*lines, strict=True))
    is_wide = not console.is_terminal or 8 + requests + expectations + answers + reasons <= console.width
    headings = ("request", "expected", "got", "why")
    for row, (request, expected, got, why) in [(None, headings), *zip(rows, lines, strict=True)]:
        mark, style = (" ", "bold") if row is None else ("✗", "red") if row.differs else ("✓", "")
        start = f"{mark} {request:<{requests}}  {expected:<{expectations}}"
        if is_wide:
            tell(console, f"{start}  {got:<{answers}}  {why}", style)
            continue
        tell(console, f"{start}  {'=' if got == expected else got}", style)
        tell(console, f"    {why}", style or "dim")


def tell(console, line, style):
    """One line, whole."""
    console.print(line, style=style, markup=False, soft_wrap=True)


def request_of(case):
    """The request line."""
    return f"{case['method']} {case['path']}"


def expected_of(case):
    """The expected status and error type."""
    return f"{case['status']} {case.get('error_type', '')}".strip()


def describe(row):
    """Whose request it is, from where, why it is answered so, and what was expected instead."""
    case = row.case
    place = f" from {case['source_ip']}" if "source_ip" in case else ""
    place += f" for host {case['host']}" if "host" in case else ""
    text = f"{case['name']} ({case['credentials'].replace('_', ' ')}{place}): {case['why']}"
    return f"{text}; expected {', '.join(row.differs)}: {row.body}" if row.differs else text


def main():
    """Run the cases and print the table; 1 if an answer differs."""
    configure_logging(level=logging.ERROR)
    console = Console(highlight=False)
    console.print("putting the pet store up on a server of its own ...")
    rows = run_cases(say=lambda line: console.print(line, markup=False))
    show(rows, console)
    wrong = sum(1 for row in rows if row.differs)
    console.print(f"{len(rows)} requests, {len(rows) - wrong} answered as expected, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
