"""The laws of running jobs: nothing a job does stops the run, takes a neighbour with it, or tells what it read."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from pool_steps import PLANT, STEP, Task

from imagebank.core.errors import DiskFull
from imagebank.engine import Done, Job, process_pool, run_jobs
from imagebank.engine.local import JOBS_AHEAD, MakeExecutor

WORKERS = 2
OURS = process_pool(1024)
EXECUTORS: dict[str, MakeExecutor] = {
    "ours": OURS,
    "processes": lambda workers: ProcessPoolExecutor(workers, get_context("spawn")),
    "threads": ThreadPoolExecutor,
}
RUNNER = Path(__file__).with_name("pool_runner.py")
PATIENCE_S = 20

Run = Callable[[Iterable[Task]], list[Done[Task, object]]]


def jobs_of(tasks: Iterable[Task]) -> Iterator[Job[Task]]:
    for place, task in enumerate(tasks):
        yield Job(f"item-{place:03}", f"key-{place}", task)


def run(tasks: Iterable[Task], make: MakeExecutor = OURS, workers: int = WORKERS) -> list[Done[Task, object]]:
    return list(run_jobs(STEP, jobs_of(tasks), make_executor=make, workers=workers))


@pytest.fixture(params=EXECUTORS)
def run_on_each(request: pytest.FixtureRequest) -> Run:
    """Runs tasks on one of the executors: whatever is true of ours is true of any."""
    return lambda tasks: run(tasks, EXECUTORS[request.param])


def failures(done: Iterable[Done[Task, object]]) -> dict[str, str]:
    return {each.job.item: each.failure.reason for each in done if each.failure}


# On any executor


def test_each_job_is_given_back_once_with_its_result(run_on_each: Run) -> None:
    done = run_on_each(Task("double", number) for number in range(25))
    assert Counter(each.job.item for each in done) == {f"item-{number:03}": 1 for number in range(25)}
    assert all(each.result == 2 * each.job.task.number for each in done)
    assert all(each.seconds >= 0 and each.peak_mb > 1 for each in done)


def test_no_jobs_give_nothing(run_on_each: Run) -> None:
    assert run_on_each([]) == []


def test_a_job_that_raises_is_a_failure_and_its_neighbours_go_on(run_on_each: Run) -> None:
    done = run_on_each([Task("double", 1), Task("raise_with_text"), Task("double", 2)])
    assert failures(done) == {"item-001": "raised-ValueError"}
    assert sorted(each.result for each in done if each.result is not None) == [2, 4]


def test_a_failure_names_a_place_and_never_the_text_of_the_exception(
    run_on_each: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    tasks = [Task("raise_with_text"), Task("leave_python"), Task("find_no_file"), Task("find_no_file")]
    for done in run_on_each(tasks):
        assert done.failure is not None
        assert done.failure.where.startswith("pool_steps:")
        assert PLANT[:5] not in f"{done!r} {done.failure}"
        assert PLANT[:5].encode() not in pickle.dumps(done)
    assert PLANT[:5] not in "".join(capfd.readouterr())


def test_a_job_that_leaves_python_is_only_a_failure(run_on_each: Run) -> None:
    done = run_on_each([Task("leave_python"), Task("double", 4)])
    assert failures(done) == {"item-000": "raised-SystemExit"}


def test_what_may_pass_is_told_apart_from_what_will_fail_again(run_on_each: Run) -> None:
    done = {each.job.item: each for each in run_on_each([Task("find_no_file"), Task("raise_with_text")])}
    missing, raised = done["item-000"].failure, done["item-001"].failure
    assert missing is not None
    assert raised is not None
    assert (missing.reason, missing.passing, raised.passing) == ("file-vanished", True, False)


@pytest.mark.parametrize("act", ["find_the_disk_full", "find_the_bank_full"])
def test_a_full_disk_stops_the_run(run_on_each: Run, act: str) -> None:
    endless = (Task(act if number == 3 else "double", number) for number in range(10**9))
    with pytest.raises(DiskFull):
        run_on_each(endless)


@pytest.mark.parametrize("name", EXECUTORS)
def test_jobs_are_taken_only_as_workers_become_free(name: str) -> None:
    taken = 0

    def endless() -> Iterator[Task]:
        nonlocal taken
        while True:
            taken += 1
            yield Task("double", taken)

    given = run_jobs(STEP, jobs_of(endless()), make_executor=EXECUTORS[name], workers=WORKERS)
    for number in range(1, 31):
        next(given)
        assert taken <= number + WORKERS * JOBS_AHEAD
    given.close()


@pytest.mark.parametrize(("jobs", "started"), [(1, 1), (2, 2), (9, 2)])
def test_few_jobs_start_few_workers(jobs: int, started: int) -> None:
    asked: list[int] = []

    def make(workers: int) -> ThreadPoolExecutor:
        asked.append(workers)
        return ThreadPoolExecutor(workers)

    assert len(run([Task("double", number) for number in range(jobs)], make)) == jobs
    assert asked == [started]


class BreaksOnce(ThreadPoolExecutor):
    """An executor that is found broken when it is given its third job, the first time that it is made."""

    made = 0

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        type(self).made += 1
        self.left = 2 if type(self).made == 1 else 10**9

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        if not self.left:
            raise BrokenExecutor
        self.left -= 1
        return super().submit(*args, **kwargs)


def test_no_job_is_lost_where_a_pool_breaks_while_it_is_given_one() -> None:
    done = run([Task("double", number) for number in range(8)], BreaksOnce)
    assert sorted(each.result for each in done) == [2 * number for number in range(8)]
    assert BreaksOnce.made > 1


# Where workers are processes


@pytest.mark.parametrize("name", ["ours", "processes"])
def test_a_result_that_cannot_travel_is_that_jobs_failure(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    done = run([Task("give_what_cannot_travel"), Task("double", 4)], EXECUTORS[name])
    assert failures(done).keys() == {"item-000"}
    assert PLANT not in "".join(capfd.readouterr())


@pytest.mark.parametrize("name", ["ours", "processes"])
def test_a_task_that_cannot_travel_is_that_jobs_failure(name: str) -> None:
    tasks = [Task("double", lambda: 1), Task("double", 4)]
    done = run(tasks, EXECUTORS[name])
    assert failures(done).keys() == {"item-000"}


@pytest.mark.parametrize(
    ("name", "act"), [("ours", "end_the_process"), ("ours", "be_killed"), ("processes", "be_killed")]
)
def test_a_worker_that_dies_takes_nobody_with_it(name: str, act: str, tmp_path: Path) -> None:
    tasks = [Task(act if number == 5 else "leave_a_trace", number, tmp_path) for number in range(8)]
    done = run(tasks, EXECUTORS[name])
    assert failures(done) == {"item-005": "worker-died"}
    assert sorted(each.job.item for each in done) == [f"item-{number:03}" for number in range(8)]
    assert all(each.result == 2 * each.job.task.number for each in done if not each.failure)
    ran = {int(path.name.split("-")[0]) for path in tmp_path.iterdir()}
    assert ran == set(range(8)) - {5}


@pytest.mark.parametrize("killers", [{0}, {7}, {2, 3}, {0, 4, 7}])
def test_several_killers_are_found_wherever_they_stand(killers: set[int]) -> None:
    tasks = [Task("be_killed" if number in killers else "double", number) for number in range(8)]
    done = run(tasks)
    assert failures(done) == {f"item-{number:03}": "worker-died" for number in killers}
    assert sorted(each.job.item for each in done) == [f"item-{number:03}" for number in range(8)]


def test_the_programs_of_a_neighbour_end_with_the_pool_that_a_death_broke(tmp_path: Path) -> None:
    acts = ["start_a_long_program_once", "be_killed_when_the_program_runs"]
    done = run([Task(act, 0, tmp_path) for act in acts])
    assert {each.job.item: each.result for each in done} == {"item-000": "done", "item-001": None}
    wait_until_gone({int(path.name) for path in tmp_path.iterdir()})


def test_jobs_that_all_end_their_workers_are_all_told() -> None:
    assert len(failures(run([Task("end_the_process")] * 3))) == 3


def test_a_death_may_pass_because_another_program_may_have_caused_it() -> None:
    (done,) = run([Task("be_killed")])
    assert done.failure is not None
    assert done.failure.passing


def test_a_job_that_needs_more_memory_than_a_worker_may_use_fails_alone() -> None:
    tasks = [Task("use_memory", number) for number in (1, 2000, 2, 3)]
    done = run(tasks, process_pool(400))
    assert failures(done) == {"item-001": "out-of-memory"}
    assert sorted(each.result for each in done if each.result is not None) == [1, 2, 3]


def test_the_same_job_is_done_where_more_memory_is_given() -> None:
    (done,) = run([Task("use_memory", 500)], process_pool(2000))
    assert done.result == 500
    assert done.peak_mb > 500


def test_who_stops_listening_does_not_wait_for_what_is_under_way() -> None:
    tasks = [Task("double", 1), Task("wait", 600_000), Task("wait", 600_000)]
    given = run_jobs(STEP, jobs_of(tasks), make_executor=OURS, workers=WORKERS)
    next(given)
    started = time.monotonic()
    given.close()
    assert time.monotonic() - started < PATIENCE_S


# When the parent ends


def test_workers_and_their_programs_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    runner = start_runner(tmp_path)
    pids = wait_for_pids(tmp_path, 2 * WORKERS)
    runner.kill()
    runner.communicate(timeout=PATIENCE_S)
    wait_until_gone(pids)


def test_ctrl_c_ends_all_at_once_and_in_silence(tmp_path: Path) -> None:
    runner = start_runner(tmp_path)
    pids = wait_for_pids(tmp_path, 2 * WORKERS)
    os.killpg(runner.pid, signal.SIGINT)
    _, told = runner.communicate(timeout=PATIENCE_S)
    assert (runner.returncode, told) == (130, "")
    wait_until_gone(pids)


@pytest.mark.parametrize("delay_s", [0, 0.05, 0.1, 0.2])
def test_ctrl_c_while_workers_are_starting_is_as_silent(tmp_path: Path, delay_s: float) -> None:
    runner = start_runner(tmp_path)
    assert runner.stdout is not None
    told = [runner.stdout.readline() for _ in range(WORKERS + 1)]  # the workers have just been started
    assert told == ["job 0\n", "job 1\n", "job 2\n"]
    time.sleep(delay_s)
    os.killpg(runner.pid, signal.SIGINT)
    _, told = runner.communicate(timeout=PATIENCE_S)
    assert (runner.returncode, told) == (130, "")
    wait_until_gone({int(path.name) for path in tmp_path.iterdir()})


def start_runner(folder: Path) -> subprocess.Popen[str]:
    """The runner, in a session of its own, as a terminal would start it."""
    return subprocess.Popen(
        [sys.executable, str(RUNNER), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_pids(folder: Path, count: int) -> set[int]:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        pids = {int(path.name) for path in folder.iterdir()}
        if len(pids) >= count:
            return pids
        time.sleep(0.05)
    raise AssertionError("the workers did not start")


def wait_until_gone(pids: set[int]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while alive := {pid for pid in pids if is_alive(pid)}:
        assert time.monotonic() < ends, f"{len(alive)} of {len(pids)} processes outlive their parent"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"  # ended, but not yet fetched by whoever adopted it
