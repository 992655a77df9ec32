"""A PostgreSQL server of Debian's packages on loopback, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from server import free_port

PASSWORD = "hidden-by-all-means"
_HOME = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """The folder of the newest version's programs; None where there is none."""
    found = sorted(_HOME.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


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
        options = f"-p {self.port} -h 127.0.0.1 -k {folder}"
        self._call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        login = {"PGPASSWORD": PASSWORD}
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "sweeper"]
        create = ["createdb", *where, "mlflow"]
        subprocess.run(create, env=os.environ | login, check=True, capture_output=True)

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg2://sweeper:{PASSWORD}@127.0.0.1:{self.port}/mlflow"

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
