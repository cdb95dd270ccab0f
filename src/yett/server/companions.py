"""Processes that a template asks to have beside its APIs on a developer's machine: ``Metadata.Yett.Processes``.

They are code of whoever wrote the template, as functions are, and they get none of our environment but the path and a
port.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from yett.values.errors import Refusal

LOOPBACK: Final = "127.0.0.1"
READY_SECONDS: Final = 10.0
PR_SET_PDEATHSIG: Final = 1


class CompanionFailed(Refusal):
    """A process would not start, or did not listen."""


class Companion(Struct, frozen=True, kw_only=True):
    """What the template asks for."""

    name: str
    command: tuple[str, ...]
    port_parameter: str | None  # the template parameter that takes its port


def read_companions(metadata: Mapping[str, object]) -> tuple[Companion, ...]:
    """Read ``Metadata.Yett.Processes`` of a template.

    Raises:
        CompanionFailed: It is not of the form.
    """
    section = metadata.get("Yett") or {}
    processes = section.get("Processes") if isinstance(section, Mapping) else None
    if processes is None:
        return ()
    if not isinstance(processes, Mapping):
        raise CompanionFailed("Metadata.Yett.Processes is no mapping of names to processes")
    companions: list[Companion] = []
    for name, wanted in processes.items():
        command = wanted.get("Command") if isinstance(wanted, Mapping) else None
        if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
            raise CompanionFailed(f"Metadata.Yett.Processes.{name}.Command is no list of words")
        parameter = wanted.get("PortParameter")
        companions.append(
            Companion(
                name=str(name), command=tuple(command), port_parameter=None if parameter is None else str(parameter)
            )
        )
    return tuple(companions)


class RunningCompanions:
    """The processes of one template. They end with ``stop``, and with this process however it ends."""

    def __init__(self) -> None:
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self, companions: Sequence[Companion], directory: Path) -> dict[str, str]:
        """Start them in the template's directory, each on a free port in ``PORT``; give the parameters that name the
        ports.

        Raises:
            CompanionFailed: One would not start, or did not listen in time.
        """
        parameters: dict[str, str] = {}
        for companion in companions:
            port = find_free_port()
            await self._start(companion, directory, port)
            if companion.port_parameter is not None:
                parameters[companion.port_parameter] = str(port)
        return parameters

    async def _start(self, companion: Companion, directory: Path, port: int) -> None:
        program, *arguments = companion.command
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PORT": str(port)}
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable if program in {"python", "python3"} else program,
                *arguments,
                cwd=directory,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            raise CompanionFailed(f"process `{companion.name}` would not start: {error}") from error
        self._processes.append(process)
        await self._wait_until_it_listens(companion, process, port)

    async def _wait_until_it_listens(
        self, companion: Companion, process: asyncio.subprocess.Process, port: int
    ) -> None:
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                raise CompanionFailed(f"process `{companion.name}` ended with {process.returncode} before it listened")
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
        raise CompanionFailed(f"process `{companion.name}` does not listen on {LOOPBACK}:{port} (it gets PORT)")

    async def stop(self) -> None:
        """End them, with all that they started."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        self._processes.clear()


def find_free_port() -> int:
    """A port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Ask the kernel to end this child when its parent is gone (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
