"""Which module of a package is read, and what becomes of packages that hold none."""

import io
import zipfile
from datetime import UTC, datetime

import pytest
from tests.fakes.ports import make_ports
from tests.rules.execute_api.support import (
    ACCOUNT,
    AUTHORIZER_FUNCTION,
    REGION,
    make_plan,
    method,
    resource,
    token_authorizer,
)

from yett.execute_api.authorizer_hints import MODULE_BYTES, code_findings
from yett.ports.functions import Function
from yett.rules.execute_api.deployment import AuthorizationType

WIDE = 'answer = {"Effect": "Allow", "Resource": "*"}\n'
WIDE_JS = "const answer = {Effect: 'Allow', Resource: '*'};\n"


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class OneFunction:
    """The ports that are asked for the authorizer's function, and for its code."""

    def __init__(self, handler: str, package: bytes | None, *, is_there: bool = True) -> None:
        self.handler, self.package, self.is_there = handler, package, is_there

    async def resolve(self, function_arn: str) -> Function | None:
        assert function_arn == AUTHORIZER_FUNCTION
        function = Function(
            arn=function_arn, account=ACCOUNT, region=REGION, name="authorizer", runtime="python3.12",
            handler=self.handler, role_arn="", timeout_seconds=3, memory_mb=128, environment={}, code_sha256="c",
            revision_id="", updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        return function if self.is_there else None

    async def find_code(self, account: str, region: str, code_sha256: str) -> bytes | None:
        assert (account, region, code_sha256) == (ACCOUNT, REGION, "c")
        return self.package


async def found(function: OneFunction) -> list[str]:
    guarded = method("GET", AuthorizationType.CUSTOM, authorizer_id="auth1")
    plan = make_plan(resource("/pets", guarded), authorizers=(token_authorizer(),))
    ports = make_ports(functions=function, function_store=function)
    return [each.message for each in await code_findings(plan, ports)]


@pytest.mark.parametrize(
    ("handler", "files", "place"),
    [
        ("app.handler", {"app.py": WIDE, "other.py": WIDE}, "app.py"),
        ("src/app.handler", {"src/app.mjs": WIDE_JS}, "src/app.mjs"),
        ("index.handler", {"index.js": WIDE_JS}, "index.js"),
    ],
)
async def test_the_module_with_the_handler_is_read(handler: str, files: dict[str, str], place: str) -> None:
    (message,) = await found(OneFunction(handler, zipped({**files})))
    assert message.startswith(f"its code ({place}, line 1) allows everything")


@pytest.mark.parametrize(
    "function",
    [
        OneFunction("app.handler", None),
        OneFunction("app.handler", None, is_there=False),
        OneFunction("app.handler", b"no zip file"),
        OneFunction("app.handler", zipped({"other.py": WIDE})),
        OneFunction("app.handler", zipped({"app.py": b"\xff\xfe"})),
        OneFunction("app.handler", zipped({"app.py": WIDE + "#" * MODULE_BYTES})),
        OneFunction("app.handler", zipped({"app.py": "def handler(event, context): pass\n"})),
    ],
    ids=["no code", "no function", "no zip", "no module", "no text", "too long", "nothing to say"],
)
async def test_what_cannot_be_read_says_nothing(function: OneFunction) -> None:
    assert await found(function) == []
