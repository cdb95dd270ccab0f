"""Collect the changelog's fragments into a release: ``python changelog.d/collect.py VERSION DATE``.

A release that already has its section gets the new lines beside the old ones.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FRAGMENTS: Final = Path(__file__).resolve().parent
CHANGELOG: Final = FRAGMENTS.parent / "CHANGELOG.md"
KINDS: Final = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "security": "Security"}
NAME: Final = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|security)\.md")


def main(version: str, date: str) -> None:
    """Write the release's section, newest first, and remove its fragments."""
    found = fragments(FRAGMENTS)
    if not found:
        raise SystemExit("there is no fragment to collect")
    CHANGELOG.write_text(collect(CHANGELOG.read_text(), version, date, found))
    for name in found:
        (FRAGMENTS / name).unlink()


def fragments(folder: Path) -> dict[str, str]:
    """The fragments by name, each on one line."""
    paths = sorted(path for path in folder.glob("*.md") if NAME.fullmatch(path.name))
    return {path.name: " ".join(path.read_text().split()) for path in paths}


def collect(changelog: str, version: str, date: str, found: Mapping[str, str]) -> str:
    """The changelog with the release's section as its first."""
    head, *sections = re.split(r"^(?=## )", changelog, flags=re.MULTILINE)
    old = next((section for section in sections if section.startswith(f"## {version} (")), "")
    lines: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for part in re.split(r"^(?=### )", old, flags=re.MULTILINE)[1:]:
        title, *rest = part.splitlines()
        lines[title.removeprefix("### ").lower()] += [line for line in rest if line.startswith("- ")]
    for name, text in found.items():
        lines[name.split(".")[-2]].append(f"- {text}")
    parts = [f"## {version} ({date})"]
    parts += ["\n".join([f"### {title}", "", *lines[kind]]) for kind, title in KINDS.items() if lines[kind]]
    others = "".join(section for section in sections if section != old)
    return f"{head.rstrip()}\n\n" + "\n\n".join(parts) + "\n" + (f"\n{others}" if others else "")


if __name__ == "__main__":
    main(*sys.argv[1:])
