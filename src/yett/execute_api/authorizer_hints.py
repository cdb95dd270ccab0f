"""What the code of a stage's Lambda authorizers says of the answers that they will give, before anybody calls."""

import asyncio
import zipfile
from io import BytesIO
from typing import Final

from msgspec import Struct

from yett.ports.bundle import Ports
from yett.ports.functions import Function
from yett.rules.execute_api.audit import AuditFinding, audit_code
from yett.rules.execute_api.authorizer_code import CodeHint, read_javascript, read_python
from yett.rules.execute_api.plan import AuthorizerPlan, StagePlan

MODULE_BYTES: Final = 256 * 1024  # ours: a longer handler module is not read
PYTHON: Final = ".py"
SUFFIXES: Final = (PYTHON, ".mjs", ".cjs", ".js")


class Hints(Struct, frozen=True):
    """What one module says."""

    file: str
    hints: tuple[CodeHint, ...]


async def code_findings(plan: StagePlan, ports: Ports) -> list[AuditFinding]:
    """What is to be looked at in the code of the stage's authorizers, one finding of a kind for each.

    Raises:
        Unavailable: The store failed us.
    """
    findings: dict[tuple[str, str], AuditFinding] = {}
    for authorizer in _authorizers(plan):
        read = await _read(authorizer, ports)
        for hint in read.hints if read is not None else ():
            finding = audit_code(hint, read.file, authorizer, plan) if read is not None else None
            if finding is not None:
                findings.setdefault((finding.code, finding.where), finding)
    return list(findings.values())


def _authorizers(plan: StagePlan) -> list[AuthorizerPlan]:
    """The Lambda authorizers that guard a method, by name."""
    used = {each.authorizer.id: each.authorizer for each in plan.methods if each.authorizer is not None}
    of_functions = [each for each in used.values() if each.function is not None]
    return sorted(of_functions, key=lambda each: (each.name, each.id))


async def _read(authorizer: AuthorizerPlan, ports: Ports) -> Hints | None:
    target = authorizer.function
    function = await ports.functions.resolve(target.function_arn) if target is not None else None
    if function is None:
        return None
    package = await ports.function_store.find_code(function.account, function.region, function.code_sha256)
    # In a thread: other calls do not wait for a long module to be read.
    return None if package is None else await asyncio.to_thread(_read_package, function, package)


def _read_package(function: Function, package: bytes) -> Hints | None:
    module = _handler_module(function, package)
    if module is None:
        return None
    file, source = module
    return Hints(file, (read_python if file.endswith(PYTHON) else read_javascript)(source))


def _handler_module(function: Function, package: bytes) -> tuple[str, str] | None:
    """Name and text of the module with the handler, if it is text and not too long."""
    stem = function.handler.rpartition(".")[0]
    try:
        with zipfile.ZipFile(BytesIO(package)) as archive:
            for name in (f"{stem}{suffix}" for suffix in SUFFIXES):
                if name in archive.namelist() and archive.getinfo(name).file_size <= MODULE_BYTES:
                    return name, archive.read(name).decode()
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError, EOFError):
        return None
    return None
