"""What the resource types act through: the site's operations, names and marks that can be found again, packed code."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from yett.templates.errors import TemplateRefused
from yett.templates.fitting import fit
from yett.templates.packaging import FunctionSource, Packager
from yett.templates.resources.actor import UPPER
from yett.templates.sam import LOCAL_BUCKET
from yett.templates.site import Site

TOKEN_CHARACTERS: Final = 12


class LiveActor:
    """Acts on a site for one stack. What it makes for a resource bears that resource's token in its name or tags."""

    def __init__(self, *, site: Site, stack: str, packager: Packager) -> None:
        self.site = site
        self.account = site.account
        self.region = site.region
        self.stack = stack
        self.code: Mapping[str, Path] = {}
        self.tokens: dict[str, str] = {}  # logical id -> what its next name ends with
        self._packager = packager
        self._packages: dict[str, bytes] = {}

    @property
    def now(self) -> datetime:
        """This moment."""
        return self.site.now

    def issuer(self, pool_id: str) -> str:
        """Where a user pool's issuer lies."""
        return self.site.issuer(pool_id)

    async def do(self, service: str, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Perform an operation, with parameters of the types that its service model has.

        Raises:
            DoesNotFit: A parameter is of another type, or none of the operation's.
        """
        fitted = params if service == "dynamodb" else fit(service, operation, params)
        return await self.site.do(service, operation, fitted)

    def new_token(self) -> str:
        """A token that no other resource has."""
        return self.site.randomness.text(UPPER, TOKEN_CHARACTERS)

    def name(self, logical_id: str, *, limit: int, lower: bool = False) -> str:
        """``{stack}-{logical id}-{token}``, the front cut to fit."""
        ending = self.tokens.get(logical_id) or self.new_token()
        front = f"{self.stack}-{logical_id}"[: limit - TOKEN_CHARACTERS - 1].rstrip("-")
        return f"{front}-{ending}".lower() if lower else f"{front}-{ending}"

    def mark(self, logical_id: str) -> str:
        """``{stack}/{logical id}/{token}``: the value of a tag, for what has no name of its own."""
        return f"{self.stack}/{logical_id}/{self.tokens.get(logical_id) or self.new_token()}"

    # -- code

    async def package(self, logical_id: str, code: object, runtime: str) -> bytes:
        """The zip file of a function's code: a directory or zip file of this machine, or lines in the template.

        Args:
            runtime: Whose requirements are installed; empty for a layer, which is packed as it lies.
        """
        if logical_id in self._packages:
            return self._packages[logical_id]
        match code:
            case {"S3Bucket": bucket, "S3Key": str(key)} if bucket == LOCAL_BUCKET and key in self.code:
                packed = await self._pack(logical_id, self.code[key], runtime)
            case {"ZipFile": str(text)}:
                packed = zip_text(text, runtime)
            case _:
                raise TemplateRefused(
                    "code is a local directory or zip file, or, of a function, `ZipFile` with its lines"
                )
        self._packages[logical_id] = packed
        return packed

    async def _pack(self, logical_id: str, path: Path, runtime: str) -> bytes:
        if path.suffix == ".zip" and await asyncio.to_thread(path.is_file):
            return await asyncio.to_thread(path.read_bytes)
        return await self._packager.package(FunctionSource(name=logical_id, directory=path, runtime=runtime))

    def keep_package(self, logical_id: str) -> str:
        """Keep the package that was made for a function, so that this version can come back; its SHA-256."""
        packed = self._packages[logical_id]
        digest = hashlib.sha256(packed).hexdigest()
        self._packager.versions.put(digest, packed)
        return digest

    def bring_back_package(self, logical_id: str, digest: str) -> bool:
        """Let a function's package be a kept one; whether it is still kept."""
        packed = self._packager.versions.find(digest)
        if packed is not None:
            self._packages[logical_id] = packed
        return packed is not None

    def forget_package(self, logical_id: str) -> None:
        """Pack a function anew when it is next asked for."""
        self._packages.pop(logical_id, None)


def zip_text(text: str, runtime: str) -> bytes:
    """A zip file with the lines as its one module, ``index``. The same lines give the same bytes."""
    module = "index.js" if runtime.startswith("nodejs") else "index.py"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(module, (1980, 1, 1, 0, 0, 0))
        member.external_attr = 0o644 << 16
        archive.writestr(member, text)
    return made.getvalue()
