import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from tests.adapters.functions.support import Shelf

from yett.adapters.functions.code import CodeDirectories, unpack
from yett.ports.function_runner import FunctionUnavailable
from yett.rules.lambda_.package import PackageRefused


def package(*entries: tuple[str, bytes, int]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def test_files_keep_their_place_and_their_executable_bit(tmp_path: Path) -> None:
    made = unpack([package(("a/b.py", b"1", 0o644), ("bin/run", b"2", 0o755))], tmp_path / "code" / "x")
    assert (made / "a" / "b.py").read_bytes() == b"1"
    assert (made / "bin" / "run").stat().st_mode & 0o111
    assert [path.name for path in (tmp_path / "code").iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/etc/out", "a\\..\\..\\out", "C:/out"])
def test_a_name_that_leads_outside_is_refused_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackageRefused):
        unpack([package(("fine", b"", 0o644), (name, b"", 0o644))], tmp_path / "code" / "x")
    assert list((tmp_path / "code").iterdir()) == []
    assert not (tmp_path / "out").exists()


def test_a_link_becomes_a_plain_file(tmp_path: Path) -> None:
    made = unpack([package(("link", b"/etc/passwd", stat.S_IFLNK | 0o777))], tmp_path / "code" / "x")
    assert not (made / "link").is_symlink()
    assert (made / "link").read_bytes() == b"/etc/passwd"


async def test_code_long_unused_goes_when_other_code_comes(tmp_path: Path) -> None:
    shelf = Shelf()
    code = CodeDirectories(tmp_path, shelf)  # type: ignore[arg-type]
    running = await code.find(shelf.put("x = 1"))
    for name in ("forgotten", ".unpacking-torn", "recent"):
        (tmp_path / "code" / name).mkdir()
    for directory in (running, tmp_path / "code" / "forgotten", tmp_path / "code" / ".unpacking-torn"):
        os.utime(directory, (1, 1))
    other = await code.find(shelf.put("x = 2"))
    assert set((tmp_path / "code").iterdir()) == {running, other, tmp_path / "code" / "recent"}
    again = CodeDirectories(tmp_path, shelf)  # type: ignore[arg-type]
    await again.find(shelf.put("x = 1"))
    assert running.stat().st_mtime > 1


async def test_code_is_unpacked_once_and_damage_is_told(tmp_path: Path) -> None:
    shelf = Shelf()
    function = shelf.put("x = 1")
    code = CodeDirectories(tmp_path, shelf)  # type: ignore[arg-type]
    first = await code.find(function)
    kept = shelf.packages.pop(function.code_sha256)
    assert await code.find(function) == first
    broken = shelf.put("x = 2")
    shelf.packages[broken.code_sha256] = kept[:-30]
    with pytest.raises(FunctionUnavailable, match="cannot be unpacked"):
        await code.find(broken)
