"""Collect the changelog's fragments into a release: ``python changelog.d/collect.py VERSION DATE``."""

import re
import sys
from pathlib import Path
from typing import Final

FRAGMENTS: Final = Path(__file__).resolve().parent
CHANGELOG: Final = FRAGMENTS.parent / "CHANGELOG.md"
KINDS: Final = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "security": "Security"}
NAME: Final = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|security)\.md")


def main(version: str, date: str) -> None:
    """Write the release's section above the last one's, and remove its fragments."""
    found = fragments(FRAGMENTS)
    if not found:
        raise SystemExit("there is no fragment to collect")
    CHANGELOG.write_text(insert(CHANGELOG.read_text(), section(version, date, found)))
    for path in found:
        path.unlink()


def fragments(folder: Path) -> dict[Path, str]:
    """The fragments by name, each on one line."""
    paths = sorted(path for path in folder.glob("*.md") if NAME.fullmatch(path.name))
    return {path: " ".join(path.read_text().split()) for path in paths}


def section(version: str, date: str, found: dict[Path, str]) -> str:
    """A release's section, kind by kind."""
    parts = [f"## {version} ({date})"]
    for kind, title in KINDS.items():
        lines = [f"- {text}" for path, text in found.items() if path.name.endswith(f".{kind}.md")]
        if lines:
            parts.append("\n".join([f"### {title}", "", *lines]))
    return "\n\n".join(parts) + "\n"


def insert(changelog: str, new: str) -> str:
    """The changelog with a section before its first one."""
    head, mark, rest = changelog.partition("\n## ")
    return f"{head.rstrip()}\n\n{new}{mark}{rest}"


if __name__ == "__main__":
    main(*sys.argv[1:])
