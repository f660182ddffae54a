"""What `netwright bench` says of its measurements, from numbers that are known."""

import pytest

from engine.bench.against import Compared
from engine.cli.speeds import lines, table

HERE = {"inherited": {}}


def told(*found, environment=HERE):
    return lines(table(found, environment))


def test_ratios_are_shown_and_their_geometric_mean():
    found = table([Compared("a", 1, 2.0, 4.0, 0.5, 1e-7), Compared("b", 2, 8.0, 4.0, 2.0)], HERE)
    assert found["mean_ratio"] == pytest.approx(1.0)
    head, first, second, mean = lines(found)
    assert head.split() == ["workers", "Netwright", "PyTorch", "ratio", "losses", "apart"]
    assert first.split() == ["a", "1", "2.000", "ms", "4.000", "ms", "0.500", "1e-07"]
    assert second.split() == ["b", "2", "8.000", "ms", "4.000", "ms", "2.000"]
    assert mean == "Geometric mean of the ratios: 1.000. Below 1, Netwright is faster."


def test_groups_have_means_of_their_own():
    found = [Compared("a", 1, 1.0, 2.0, 0.5, group="yardstick"), Compared("b", 1, 1.0, 1.0, 1.0, group="further")]
    assert "0.707 (yardstick 0.500, further 1.000)" in told(*found)[-1]


def test_without_pytorch_it_says_why_once_and_has_no_mean():
    why = "PyTorch is not installed."
    rows = told(Compared("a", 1, 2.0, why=why), Compared("b", 1, 3.0, why=why))
    assert [row.split() for row in rows[1:3]] == [["a", "1", "2.000", "ms"], ["b", "1", "3.000", "ms"]]
    assert rows[3:] == [why]


def test_a_setting_that_changes_the_speed_is_named():
    rows = told(Compared("a", 1, 2.0), environment={"inherited": {"OMP_NUM_THREADS": "4"}})
    assert rows[-1] == "OMP_NUM_THREADS=4 is set, which changes the speed."
