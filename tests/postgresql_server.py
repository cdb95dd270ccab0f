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
        with tempfile.TemporaryDirectory() as directory:
            server = PostgresqlServer(binaries, Path(directory))
            server.start()
            try:
                yield server.url
            finally:
                server.stop()


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


class PostgresqlServer:
    """A server on a free port of this machine alone, gone with all it held at the end."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        """*binaries* as `find_binaries` gives it; *directory* is empty, and given to whom the server runs as."""
        self._binaries, self._directory = binaries, directory
        self._user = stand_in() if os.geteuid() == 0 else None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.url = f"postgresql://yett@127.0.0.1:{self._port}"
        if self._user is not None:
            os.chown(directory, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-U", "yett", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # -F: these databases need not outlive the machine; what is killed in tests is yett.
        options = f"-F -h 127.0.0.1 -p {self._port} -k {self._directory}"
        self._run("pg_ctl", "-w", "-l", str(self._directory / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, whoever is connected. What was committed is there when it starts again."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, name: str, *options: str) -> None:
        user = self._user
        done = subprocess.run(
            [self._binaries / name, "-D", self._directory / "data", *options],
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"{name} failed"


def stand_in() -> pwd.struct_passwd:
    """Whom a server that root starts runs as."""
    for name in STAND_INS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("PostgreSQL does not run as root, and there is nobody to run it as")
