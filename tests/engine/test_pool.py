"""Workers are started whole, or not at all."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import pytest

from imagebank.engine.pool import WorkerPool


def test_a_ctrl_c_that_a_thread_of_a_library_takes_waits_until_the_workers_are_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[str] = []

    def take() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def start(*_: Any, **__: Any) -> Future[Any]:
        library = threading.Thread(target=take)
        library.start()
        library.join()
        started.append("whole")
        return Future()

    monkeypatch.setattr(ProcessPoolExecutor, "submit", start)
    pool = WorkerPool(2, 512)
    with pytest.raises(KeyboardInterrupt):
        pool.submit(len, "")
    assert started == ["whole"] * 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
