"""A pool on a temporary home, and handlers for it."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from yett.adapters.functions.code import CodeDirectories
from yett.adapters.functions.interpreters import OWN
from yett.adapters.functions.pool import FunctionPool, PoolLimits, RoleSession
from yett.ports.function_runner import FunctionAnswer
from yett.ports.functions import Function
from yett.values.secret import Secret

ARN = "arn:aws:lambda:us-east-1:123456789012:function:subject"


def zipped(**files: str) -> bytes:
    """A package of Python modules, by name without suffix."""
    return packed({f"{name}.py": text for name, text in files.items()})


def packed(files: Mapping[str, str]) -> bytes:
    """A package of files by path; those in ``bin`` can be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if "bin/" in name else 0o644) << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


def code_sha256(package: bytes) -> str:
    """CodeSha256."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


class Shelf:
    """Functions and their code, for a pool and for its code directories."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.packages: dict[str, bytes] = {}

    def put(self, code: str | Mapping[str, str], **members: Any) -> Function:
        """Put a function there, or change it: a module ``app``, or files by path."""
        package = zipped(app=code) if isinstance(code, str) else packed(code)
        sha256 = code_sha256(package)
        name = members.get("name", "subject")
        function = Function(
            arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
            account="123456789012",
            region="us-east-1",
            name=name,
            runtime=members.get("runtime", OWN),
            handler=members.get("handler", "app.handler"),
            role_arn="arn:aws:iam::123456789012:role/subject",
            timeout_seconds=members.get("timeout_seconds", 10),
            memory_mb=members.get("memory_mb", 128),
            environment=members.get("environment", {}),
            code_sha256=sha256,
            revision_id=str(len(self.packages)),
            updated_at=datetime(2026, 1, 1, tzinfo=UTC),
            reserved_concurrency=members.get("reserved_concurrency"),
            layers=members.get("layers", ()),
        )
        self.packages[sha256] = package
        self.functions[function.arn] = function
        return function

    def put_layer(self, files: Mapping[str, str]) -> str:
        """Put a layer's package there; its CodeSha256."""
        package = packed(files)
        self.packages[code_sha256(package)] = package
        return code_sha256(package)

    def qualify(self, function: Function, qualifier: str, version: str) -> Function:
        """Let the function be known under a version or alias too."""
        arn = f"{function.unqualified_arn}:{qualifier}"
        found = self.functions[arn] = structs.replace(function, arn=arn, version=version, revision_id=qualifier)
        return found

    def change(self, function: Function, **members: Any) -> Function:
        """Replace members of a function."""
        changed = self.functions[function.arn] = structs.replace(function, **members)
        return changed

    def current(self, function_arn: str) -> Function | None:
        return self.functions.get(function_arn)

    async def resolve(self, function_arn: str) -> Function | None:
        return self.functions.get(function_arn)

    def missing_runtime(self, runtime: str) -> str | None:
        return None

    async def find_code(self, account: str, region: str, code_sha256: str) -> bytes | None:
        return self.packages.get(code_sha256)


async def issue(function: Function) -> RoleSession | None:
    """Credentials that no one honours."""
    return RoleSession(
        access_key_id="ASIAEXAMPLE",
        secret_access_key=Secret("role-secret"),
        session_token=Secret("role-token"),
        good_for_seconds=3600,
    )


class Bench:
    """A pool and a way to ask it."""

    def __init__(self, pool: FunctionPool, shelf: Shelf, home: Path) -> None:
        self.pool = pool
        self.shelf = shelf
        self.home = home
        self._count = 0

    async def ask(self, event: object = None, *, arn: str = ARN) -> FunctionAnswer:
        """Invoke the function on an event."""
        self._count += 1
        return await self.pool.invoke(arn, json.dumps(event).encode(), request_id=f"request-{self._count}")

    async def value(self, event: object = None, *, arn: str = ARN) -> Any:
        """What the handler gave, which must have given something."""
        answer = await self.ask(event, arn=arn)
        assert answer.function_error is None, answer.payload
        return json.loads(answer.payload)


@asynccontextmanager
async def bench(
    home: Path, code: str | Mapping[str, str], *, limits: PoolLimits | None = None, **members: Any
) -> AsyncIterator[Bench]:
    """A pool with one function, stopped at the end."""
    shelf = Shelf()
    shelf.put(code, **members)
    pool = FunctionPool(
        home=home,
        functions=shelf,
        code=CodeDirectories(home, shelf),  # type: ignore[arg-type]
        credentials=issue,
        endpoint_url=lambda: "http://localhost:4566",
        limits=limits,
    )
    try:
        yield Bench(pool, shelf, home)
    finally:
        await pool.stop()
