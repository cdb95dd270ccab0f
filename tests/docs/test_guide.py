"""The commands of guides and tutorials are typed here, and must print what the page shows.

Most need no server: each is a shell of its own, and prints exactly that. A page that begins with ``<!-- server: … -->``
is one shell beside a server, and shows the lines that matter, ``...`` standing for anything.
"""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.architecture.sources import ROOT
from tests.docs.shells import URL, Shell, adapt, environment_of, running

from yett.execute_api.authenticators.iam import INVALID_TOKEN_MESSAGE
from yett.rules.execute_api.denial import AUTHORIZER_DENIAL
from yett.rules.execute_api.errors import (
    AccessDenied,
    AuthorizerConfigurationError,
    GatewayError,
    InvalidSignature,
    MalformedPath,
)
from yett.server.responses import _REFUSALS as EDGE_REFUSALS
from yett.sigv4 import Dialect, Fault, SignatureRefused, message_for

STEP = re.compile(r"<!-- run -->\n```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
PAGES = [page for folder in ("guide", "tutorial") for page in sorted((ROOT / "docs" / folder).glob("*.md"))]
ALONE = [page for page in PAGES if not page.read_text().startswith("<!-- server: ")]
STEPS = [step for page in ALONE for step in STEP.findall(page.read_text())]
UNTIL = {"petstore": "Ctrl-C stops it", "serve": "in another shell"}


@pytest.mark.parametrize(("block", "printed"), STEPS, ids=[block.splitlines()[0] for block, _ in STEPS])
def test_a_command_prints_what_the_guide_shows(block: str, printed: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "COLUMNS": "300", "PYTHONUTF8": "1"}
    run = subprocess.run(
        ["bash", "-e"], input=block, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == printed


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ALONE], ids=lambda page: page.stem)
def test_a_page_beside_a_server_can_be_followed_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    server = text.partition("<!-- server: ")[2].partition(" -->")[0]
    environment = environment_of(tmp_path)
    words = ["up", "examples/petstore/template.yaml"] if server == "petstore" else ["serve"]
    folder = ROOT if server == "petstore" else tmp_path
    with running(*words, "--port", "0", until=UNTIL[server], environment=environment, cwd=folder) as printed:
        urls = URL.findall(printed)
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        shell = Shell(environment | {"PATH": path}, cwd=folder)
        try:
            for block, shown in STEP.findall(text):
                said = shell.type(adapt(block, *urls))
                assert missing(shown, said) == [], f"{block}\n{said}"
        finally:
            shell.close()


def missing(shown: str, said: str) -> list[str]:
    """The lines shown that were not printed, in their order."""
    lines = iter(line.rstrip().replace("└", "├") for line in said.splitlines())
    wanted = {line: ".*".join(map(re.escape, line.replace("└", "├").split("..."))) for line in shown.splitlines()}
    return [line for line, pattern in wanted.items() if not any(re.fullmatch(pattern, one) for one in lines)]


def test_every_block_that_is_run_without_a_server_shows_what_it_prints() -> None:
    assert all(printed for _, printed in STEPS)
    assert len(STEPS) == sum(page.read_text().count("<!-- run -->") for page in ALONE)
    assert len(PAGES) - len(ALONE) >= 3


# What a client reads of each fault of a signature; faults of the target's own form have the library's words.
SIGNATURE_TEXTS = {
    Fault.NONE_PRESENT: "Missing Authentication Token",
    Fault.BOTH_PRESENT: "Found both 'X-Amz-Algorithm'",
    Fault.ALGORITHM: "Unsupported AWS 'algorithm'",
    Fault.NOT_A_PAIR: "Invalid key=value pair",
    Fault.AUTHORIZATION_INCOMPLETE: "Authorization header requires",
    Fault.QUERY_INCOMPLETE: "AWS query-string parameters must include",
    Fault.HOST_NOT_SIGNED: "must be a 'SignedHeader'",
    Fault.HEADER_NOT_SIGNED: "must be a 'SignedHeader'",
    Fault.DATE: "Date must be in ISO-8601",
    Fault.EXPIRED: "Signature expired",
    Fault.NOT_YET_CURRENT: "Signature not yet current",
    Fault.CREDENTIAL: "Credential must have exactly 5 slash-delimited elements",
    Fault.CREDENTIAL_SCOPE: "Credential should be scoped to",
    Fault.SECURITY_TOKEN_INVALID: "The security token included in the request is invalid",
    Fault.SECURITY_TOKEN_EXPIRED: "The security token included in the request is expired",
    Fault.MISMATCH: "The request signature we calculated does not match",
}
UNWORDED = {Fault.PATH, Fault.QUERY, Fault.TOO_LARGE}
WHY = " ".join((ROOT / "docs" / "guide" / "why-refused.md").read_text().split())


@pytest.mark.parametrize("fault", list(Fault))
def test_the_text_of_each_fault_of_a_signature_is_on_the_page(fault: Fault) -> None:
    assert (fault in UNWORDED) is not (fault in SIGNATURE_TEXTS)
    if fault not in UNWORDED:
        refusal = SignatureRefused(
            fault=fault,
            reason="",
            missing=("Date", "Credential"),
            scope_faults=(("region", "x"), ("service", "x"), ("terminator", "x"), ("date", "x", "x", "x")),
            signed_at=datetime(2026, 1, 1, tzinfo=UTC),
            now=datetime(2026, 1, 1, tzinfo=UTC),
        )
        assert SIGNATURE_TEXTS[fault] in message_for(refusal, dialect=Dialect.JSON)
        assert SIGNATURE_TEXTS[fault] in WHY


def refusals(of: type[GatewayError]) -> list[type[GatewayError]]:
    return [each for kind in of.__subclasses__() for each in (kind, *refusals(kind))]


@pytest.mark.parametrize("refusal", refusals(GatewayError), ids=lambda kind: kind.__name__)
def test_the_text_of_each_gateway_response_that_is_given_is_on_the_page(refusal: type[GatewayError]) -> None:
    texts = {
        AccessDenied: AUTHORIZER_DENIAL,
        AuthorizerConfigurationError: '{"message":null}',
        InvalidSignature: INVALID_TOKEN_MESSAGE,
        MalformedPath: "/prod/../../pets",  # it is answered without a text
    }
    text = refusal.default_message or texts[refusal]
    assert f"`{text}" in WHY
    assert re.search(rf"\({refusal.status}|, {refusal.status}", WHY) is not None


@pytest.mark.parametrize("status", sorted(EDGE_REFUSALS))
def test_the_text_of_each_refusal_of_the_edge_is_on_the_page(status: int) -> None:
    content_type, body = EDGE_REFUSALS[status]
    text = json.loads(body)["message"] if content_type == "application/json" else body.rpartition(" ")[0]
    assert f"`{text.partition(' 10485760')[0]}" in WHY
    assert f"({status})" in WHY
