"""Packages that can come back."""

import os
from hashlib import sha256
from pathlib import Path

from yett.templates.versions import KEPT, Versions


def test_a_package_comes_back_whole_or_not_at_all(tmp_path: Path) -> None:
    versions = Versions(tmp_path / "packages")
    digest = sha256(b"package").hexdigest()
    assert versions.find(digest) is None
    versions.put(digest, b"package")
    assert versions.find(digest) == b"package"
    (tmp_path / "packages" / f"{digest}.zip").write_bytes(b"pack")
    assert versions.find(digest) is None


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    digests = [sha256(str(number).encode()).hexdigest() for number in range(KEPT + 1)]
    for number, digest in enumerate(digests[:-1]):
        versions.put(digest, str(number).encode())
        os.utime(tmp_path / f"{digest}.zip", (number, number))
    versions.put(digests[0], b"0")
    versions.put(digests[-1], str(KEPT).encode())
    assert [versions.find(digest) is not None for digest in digests[:3]] == [True, False, True]
