"""A PostgreSQL server: the one that answers where it is looked for, else one of this test process's own."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

DEFAULT = "postgresql://root@127.0.0.1:5432"
DEBIAN = Path("/usr/lib/postgresql")  # where Debian puts the binaries, a directory for each version
STAND_INS = ("postgres", "nobody")  # PostgreSQL does not run as root


@contextmanager
def postgresql_server() -> Iterator[str | None]:
    """The URL of a server, without a database; None if none answers and none is installed."""
    given = os.environ.get("YETT_TEST_POSTGRESQL")
    binaries = find_binaries()
    if given or answers(DEFAULT):
        yield given or DEFAULT
    elif binaries is None:
        yield None
    else:
        with own_server(binaries) as url:
            yield url


def answers(url: str) -> bool:
    """Whether a server is there and lets us in."""
    try:
        psycopg.connect(f"{url}/postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def find_binaries() -> Path | None:
    """The directory of ``initdb`` and ``pg_ctl``, of the newest version that is installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    versions = [path for path in DEBIAN.glob("*/bin") if (path / "initdb").exists()]
    return max(versions, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def own_server(binaries: Path) -> Iterator[str]:
    """A server on a free port of this machine alone, gone with all it held at the end."""
    user = stand_in() if os.geteuid() == 0 else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory, "data")
        if user is not None:
            os.chown(directory, user.pw_uid, user.pw_gid)

        def run(name: str, *options: str) -> None:
            done = subprocess.run(
                [binaries / name, "-D", data, *options],
                user=None if user is None else user.pw_uid,
                group=None if user is None else user.pw_gid,
                extra_groups=None if user is None else [],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=False,
            )
            assert done.returncode == 0, f"{name} failed"

        run("initdb", "-U", "yett", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        # -F: these databases need not outlive the machine; what is killed in tests is yett.
        run("pg_ctl", "-w", "-l", f"{directory}/log", "-o", f"-F -h 127.0.0.1 -p {port} -k {directory}", "start")
        try:
            yield f"postgresql://yett@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


def stand_in() -> pwd.struct_passwd:
    """Whom a server that root starts runs as."""
    for name in STAND_INS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("PostgreSQL does not run as root, and there is nobody to run it as")
