"""A throwaway PostgreSQL on a unix socket in a temporary folder; nothing of it is left, and nobody else can reach it.

Its language is not C on purpose: a server of a hospital sorts texts as people do, and the ledger must not mind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

OWNER = "postgres"  # the system user that runs the server where we are root, which PostgreSQL refuses to be
USER = "steward"


@dataclass
class Postgres:
    """A running server; each database that it makes is new."""

    binaries: Path
    folder: Path
    made: int = 0

    def new_database(self) -> str:
        """The URL of a database that nobody used before."""
        self.made += 1
        name = f"ledger{self.made}"
        _as_owner(self.binaries / "createdb", "-h", self.folder, "-U", USER, name)
        return self.url(name)

    def url(self, database: str, *, password: str = "") -> str:
        """The URL of a database on this server."""
        secret = f":{password}" if password else ""
        return f"postgresql+psycopg://{USER}{secret}@/{database}?host={self.folder}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test run's own."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket's path may have 107 bytes
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
        language = ["--locale-provider=icu", "--icu-locale=en-GB"] if int(binaries.parent.name) >= 15 else []
        options = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _as_owner(binaries / "initdb", "-D", folder / "data", *options, *language)
        settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        control = [binaries / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log"]
        _as_owner(*control, "-o", settings, "start")
        try:
            yield Postgres(binaries, folder)
        finally:
            _as_owner(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return max(found, key=lambda path: int(path.parent.name))


def _as_owner(*command: object) -> None:
    user = ["runuser", "-u", OWNER, "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*user, *map(str, command)], cwd="/tmp", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
