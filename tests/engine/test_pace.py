"""The speed that is shown while a network learns: calm, honest about what lies between steps, and right after a pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training import pace
from engine.training.pace import Pace, Stopwatch


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "perf_counter", clock)
    return clock


def test_a_lap_and_the_total_leave_rest_out(clock: Clock) -> None:
    watch = Stopwatch(started=clock())
    clock.now += 2
    watch.rest()
    clock.now += 50
    watch.go_on()
    clock.now += 1
    assert watch.lap == 3 == watch.total
    watch.start_lap()
    clock.now += 4
    assert watch.lap == 4
    assert watch.total == 7


@given(st.lists(st.floats(0.001, 20), min_size=1), st.floats(1, 1e6))
def test_an_even_speed_is_told_as_it_is(moments: list[float], speed: float) -> None:
    of_late, time = Pace(5.0), 5.0
    for seconds in moments:
        time += seconds
        assert of_late.tell(speed * seconds, time) == pytest.approx(speed, rel=1e-6)


def test_a_slow_moment_hardly_shows_and_a_lasting_change_soon_does() -> None:
    of_late = Pace(0.0)
    for tenth in range(1, 101):
        speed = of_late.tell(100, tenth / 10)
    assert of_late.tell(10, 10.1) == pytest.approx(speed, rel=0.05)
    for tenth in range(102, 203):
        speed = of_late.tell(10, tenth / 10)
    assert speed == pytest.approx(100, rel=0.5)


def test_time_without_samples_counts() -> None:
    of_late = Pace(0.0)
    of_late.tell(100, 1.0)
    assert of_late.tell(0, 2.0) < 60
