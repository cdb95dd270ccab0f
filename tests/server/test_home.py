import json
import os
import stat
from pathlib import Path

import pytest

from yett.server.home import Home, HomeInUse, birth_of, find_running


def test_a_home_is_its_owner_s_alone_and_kept_out_of_git(tmp_path: Path) -> None:
    home = Home.hold(tmp_path / "deep" / "home")
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.path / "lock").stat().st_mode) == 0o600
    assert (home.path / ".gitignore").read_text() == "*\n"
    home.release()


def test_a_home_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "home"
    path.mkdir(mode=0o755)
    Home.hold(path).release()
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_one_server_holds_it_at_a_time_and_says_where_it_listens(tmp_path: Path) -> None:
    home = Home.hold(tmp_path)
    assert find_running(tmp_path) is None
    with pytest.raises(HomeInUse, match="starting or stopping"):
        Home.hold(tmp_path)
    home.announce("http://localhost:4567")
    running = find_running(tmp_path)
    assert running is not None
    assert (running.pid, running.url) == (os.getpid(), "http://localhost:4567")
    with pytest.raises(HomeInUse, match=f"pid {os.getpid()}, http://localhost:4567"):
        Home.hold(tmp_path)
    home.release()
    assert find_running(tmp_path) is None
    Home.hold(tmp_path).release()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", json.dumps({"pid": 2**30, "url": "http://x"}), '{"pid":"a","url":1}']
)
def test_what_a_server_left_behind_is_no_server(tmp_path: Path, content: str) -> None:
    (tmp_path / "running.json").write_text(content)
    assert find_running(tmp_path) is None


def test_a_number_that_another_process_has_by_now_is_no_server(tmp_path: Path) -> None:
    home = Home.hold(tmp_path / "home")
    home.announce("http://localhost:4566")
    file = home.path / "running.json"
    assert find_running(home.path) is not None
    file.write_bytes(file.read_bytes().replace(birth_of(os.getpid()).encode(), b"1"))
    assert find_running(home.path) is None
    home.release()
