"""Work in groups: everything once, in order, and an error is told once."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.core.groups import Groups


@given(st.lists(st.integers(), max_size=200), st.integers(1, 20))
def test_every_item_is_worked_on_once_and_in_order(items: list[int], size: int) -> None:
    groups: list[list[int]] = []
    work = Groups(groups.append, size)
    for each in items:
        work.add(each)
    work.drain()
    assert [each for group in groups for each in group] == items
    assert all(len(group) <= 2 * size for group in groups)


def test_items_gather_until_somebody_waits_for_them() -> None:
    groups: list[list[int]] = []
    work = Groups(groups.append, 1000)
    for each in range(50):
        work.add(each)
    work.drain()
    assert len(groups) == 1


def test_the_items_of_several_threads_are_all_done_when_each_has_waited() -> None:
    done: list[int] = []
    work = Groups(done.extend, 8)

    def leave(first: int) -> None:
        for each in range(first, first + 100):
            work.add(each)
        work.drain()
        assert set(range(first, first + 100)) <= set(done)

    threads = [threading.Thread(target=leave, args=(100 * number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(done) == list(range(400))


def test_an_error_is_raised_once_and_what_comes_after_it_is_done() -> None:
    done: list[str] = []

    def act(group: list[str]) -> None:
        if "bad" in group:
            raise ValueError("a bad item")
        done.extend(group)

    work = Groups(act, 1)
    work.add("bad")
    work.wait()
    with pytest.raises(ValueError, match="a bad item"):
        work.add("never left")
    work.add("good")
    work.drain()
    assert done == ["good"]
