"""Plays cases side by side, so that they share the time in which each of them only waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from conformance.run.cases import Case, Outcome

HOLDERS = 4
"""Most cases at a time whose jobs keep a place for long: more would wait for each other's places on a small server."""

MOMENT = 0.2
"""Real seconds between two looks at whether all that are not over rest."""


def side_by_side(
    cases: Sequence[Case],
    play: Callable[[Case], Outcome],
    *,
    lanes: int,
    stop: Callable[[], None],
    is_quiet: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Case, Outcome] | None]:
    """Each case with its outcome as soon as it is over; at most `lanes` are under way at a time.

    They begin in the given order, but for those that have to wait for a place. Whatever ends this early calls `stop`,
    which must end what the cases wait for, and waits until they are over. None comes now and then while all have begun
    and, as `is_quiet` says, those that are not over only rest.
    """
    waiting, running = list(cases), dict[Future[Outcome], Case]()
    with ThreadPoolExecutor(max(1, lanes), thread_name_prefix="check") as pool:
        try:
            while waiting or running:
                while len(running) < lanes and (case := _next(waiting, running.values())) is not None:
                    waiting.remove(case)
                    running[pool.submit(play, case)] = case
                done = wait(running, None if waiting else MOMENT, FIRST_COMPLETED).done
                if not done and is_quiet():
                    yield None
                for future in sorted(done, key=lambda one: running[one].number):
                    yield running.pop(future), future.result()
        except BaseException:
            stop()
            raise


def _next(waiting: Sequence[Case], running: Collection[Case]) -> Case | None:
    """The first case that may begin."""
    is_full = sum(case.holds for case in running) >= HOLDERS
    return next((case for case in waiting if not (is_full and case.holds)), None)
