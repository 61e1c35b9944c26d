"""A command that runs a pool whose workers never come back: to be stopped and killed by the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pool_steps import STEP, Task

from imagebank.engine import Job, process_pool, run_jobs


def jobs(folder: Path) -> Iterator[Job[Task]]:
    for number in range(4):
        print(f"job {number}", flush=True)
        yield Job(f"item-{number}", "key", Task("start_a_long_program", number, folder))


if __name__ == "__main__":
    try:
        for _ in run_jobs(STEP, jobs(Path(sys.argv[1])), make_executor=process_pool(1024), workers=2):
            pass
    except KeyboardInterrupt:
        sys.exit(130)
