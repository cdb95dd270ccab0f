import socket
import stat
from pathlib import Path

import pytest

from yett.adapters.unix_sockets import LONGEST_PATH, connectable, listen_at


def test_a_socket_left_by_an_earlier_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    listen_at(path).close()
    assert path.exists()
    with listen_at(path), connectable(path) as name, socket.socket(socket.AF_UNIX) as client:
        client.connect(name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_path_that_is_too_long_for_the_kernel_is_listened_at_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * LONGEST_PATH)
    deep.mkdir()
    path = deep / "a.sock"
    with listen_at(path), connectable(path) as name, socket.socket(socket.AF_UNIX) as client:
        assert name != str(path)
        client.connect(name)


def test_a_directory_that_is_not_there_cannot_be_listened_in(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        listen_at(tmp_path / "none" / "a.sock")
