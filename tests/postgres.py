"""A PostgreSQL server of Debian's packages on loopback, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from server import free_port

PASSWORD = "hidden-by-all-means"
_HOME = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """The folder of the newest version's programs; None where there is none."""
    found = sorted(_HOME.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def served() -> Iterator[Postgres]:
    """A server for as long as it is used; without one the test is skipped."""
    pytest.importorskip("psycopg2")
    if programs() is None:
        pytest.skip("needs PostgreSQL (Debian's package postgresql)")
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # short: it holds a socket
        Path(folder).chmod(0o755)
        own = Path(folder) / "server"
        own.mkdir()
        made = Postgres(own)
        try:
            yield made
        finally:
            made.stop()


class Postgres:
    """One database, ``mlflow``, which wants a password. As root, it runs as user ``postgres``."""

    def __init__(self, folder: Path) -> None:
        self._programs = programs()
        self._folder = folder
        self._data = folder / "data"
        self.port = free_port()
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, secret):
                shutil.chown(path, "postgres", "postgres")
        self._call("initdb", "-A", "scram-sha-256", "-U", "sweeper", f"--pwfile={secret}")
        self.start()
        login = {"PGPASSWORD": PASSWORD}
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "sweeper"]
        create = ["createdb", *where, "mlflow"]
        subprocess.run(create, env=os.environ | login, check=True, capture_output=True)

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg2://sweeper:{PASSWORD}@127.0.0.1:{self.port}/mlflow"

    @property
    def address(self) -> str:
        """Without the password."""
        return f"postgresql://sweeper@127.0.0.1:{self.port}/mlflow"

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder}"
        self._call("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """No process of the server runs."""
        parent = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        family = [parent, *parent.children(recursive=True)]
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                process.resume()

    def stop(self) -> None:
        self._call("pg_ctl", "-m", "immediate", "stop")

    def _call(self, program: str, *words: str) -> None:
        assert self._programs is not None
        command = [str(self._programs / program), "-D", str(self._data), *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # what it leaves running must not hold a pipe open
        with (self._folder.parent / f"{program}.log").open("wb") as log:
            subprocess.run(command, cwd="/", check=True, stdout=log, stderr=log)
