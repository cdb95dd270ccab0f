import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from yett.templates import packaging
from yett.templates.packaging import FunctionSource, Packager, PackagingFailed


def source(directory: Path) -> FunctionSource:
    return FunctionSource(
        name="Subject", directory=directory, runtime=f"python{sys.version_info.major}.{sys.version_info.minor}"
    )


def names(package: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


@pytest.fixture
def code(tmp_path: Path) -> Path:
    directory = tmp_path / "function"
    (directory / "pkg").mkdir(parents=True)
    (directory / "app.py").write_text("x = 1")
    (directory / "pkg" / "__init__.py").write_text("")
    for left_out in ("__pycache__", ".git", "pkg/__pycache__"):
        (directory / left_out).mkdir()
        (directory / left_out / "app.cpython-311.pyc").write_bytes(b"")
    return directory


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def packager(tmp_path: Path, said: list[str]) -> Packager:
    return Packager(tmp_path / "home", progress=said.append)


async def test_the_same_files_give_the_same_bytes(packager: Packager, code: Path, said: list[str]) -> None:
    (code / "requirements.txt").write_text("# nothing yet\n\n")
    first = await packager.package(source(code))
    os.utime(code / "app.py", (1, 1))
    assert await packager.package(source(code)) == first
    assert names(first) == ["app.py", "pkg/__init__.py", "requirements.txt"]
    assert said == []
    (code / "app.py").write_text("x = 2")
    assert await packager.package(source(code)) != first


async def test_links_out_of_the_directory_are_left_out(packager: Packager, code: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (code / "out").symlink_to(tmp_path / "secret")
    (code / "in").symlink_to(code / "app.py")
    (code / "everything").symlink_to(tmp_path)
    assert names(await packager.package(source(code))) == ["app.py", "in", "pkg/__init__.py"]


async def test_requirements_are_installed_once_for_each_content_and_the_code_wins(
    packager: Packager, code: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installs: list[Path] = []

    async def install(source: FunctionSource, interpreter: str, target: Path) -> None:
        installs.append(target)
        (target / "wanted.py").write_text("theirs")
        (target / "app.py").write_text("theirs")

    monkeypatch.setattr(packaging, "run_pip", install)
    (code / "requirements.txt").write_text("wanted==1\n")
    package = await packager.package(source(code))
    assert await packager.package(source(code)) == package
    assert len(installs) == 1
    assert said == ["installing the requirements of function Subject"]
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.read("app.py") == b"x = 1"
        assert archive.read("wanted.py") == b"theirs"
    (code / "requirements.txt").write_text("wanted==2\n")
    await packager.package(source(code))
    assert len(installs) == 2


async def test_a_failing_pip_is_quoted_with_what_to_do_and_leaves_nothing(
    packager: Packager, code: Path, tmp_path: Path
) -> None:
    (code / "requirements.txt").write_text("this is not a requirement\n")
    with pytest.raises(PackagingFailed) as failed:
        await packager.package(source(code))
    assert "function `Subject`" in failed.value.reason
    assert "Invalid requirement" in failed.value.reason
    assert str(code / "requirements.txt") in failed.value.reason
    assert list((tmp_path / "home" / "requirements").iterdir()) == []


async def test_code_that_is_not_there_is_refused_by_name(packager: Packager, tmp_path: Path) -> None:
    with pytest.raises(PackagingFailed, match="no directory"):
        await packager.package(source(tmp_path / "absent"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackagingFailed, match="is empty"):
        await packager.package(source(tmp_path / "empty"))


async def test_pip_installs_a_real_package_from_a_directory(packager: Packager, code: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "wheels" / "wanted-1-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("wanted.py", "x = 1")
        archive.writestr("wanted-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: wanted\nVersion: 1\n")
        archive.writestr("wanted-1.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nTag: py3-none-any\n")
        archive.writestr("wanted-1.dist-info/RECORD", "")
    (code / "requirements.txt").write_text(f"--no-index\n{wheel}\n")
    assert "wanted.py" in names(await packager.package(source(code)))


async def test_a_runtime_that_is_only_a_name_on_the_path_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await packaging.python_of("python3.99") == sys.executable


def test_without_pip_uv_installs_and_without_either_one_is_told(
    code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackagingFailed, match="no pip to install it with"):
        packaging.installer(source(code), "/usr/bin/python3")
    uv = tmp_path / "uv"
    uv.write_text("")
    uv.chmod(0o755)
    assert packaging.installer(source(code), "/usr/bin/python3")[:3] == (str(uv), "pip", "install")
