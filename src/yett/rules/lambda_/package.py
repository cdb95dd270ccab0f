"""A deployment package's names and sizes, before anything is unpacked."""

from collections.abc import Sequence

from yett.rules.lambda_.limits import UNZIPPED_BYTES, ZIP_ENTRIES
from yett.values.errors import Refusal


class PackageRefused(Refusal):
    """The package is too large, or a name in it leads out of its directory. ``reason`` is AWS's text if it has one."""


def check_entries(entries: Sequence[tuple[str, int]]) -> None:
    """Check the members of a zip file, each a name and a size unpacked.

    Raises:
        PackageRefused: See there.
    """
    if len(entries) > ZIP_ENTRIES:
        raise PackageRefused(f"The package has more than {ZIP_ENTRIES} files")
    if sum(size for _, size in entries) > UNZIPPED_BYTES:
        raise PackageRefused(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
    for name, _ in entries:
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or "\0" in name or (parts and parts[0].endswith(":")):
            raise PackageRefused(f"The package holds a file outside of its directory: {name}")
