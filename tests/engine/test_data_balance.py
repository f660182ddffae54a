"""Classes of uneven size."""

import numpy as np
import pytest

from engine.columns import Column, text_array
from engine.data import balance
from engine.data.dataset import Dataset
from engine.data.prepare import prepare
from engine.data.settings import DataSettings
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.focal import Focal
from engine.losses.hinge import Hinge
from engine.losses.mean_squared_error import MeanSquaredError


def rare(*counts):
    labels = text_array(name for name, count in zip("abc", counts, strict=False) for _ in range(count))
    values = np.arange(len(labels), dtype=np.float64)
    return Dataset((Column("x", "number", values), Column("kind", "category", labels)))


def network(loss, units):
    graph = Graph().add("in", Input(columns=("x",), size=(1,))).add("head", Dense(units=units), "in")
    return graph.add("out", Output(target="kind", loss=loss), "head")


@pytest.mark.parametrize("loss", [CrossEntropy(), Focal()])
def test_every_class_counts_the_same_in_all(loss):
    counts = np.array([90, 25, 5])
    graph = balance.balanced(network(loss, 3), rare(*counts))
    weights = np.array(graph.nodes["out"].loss.class_weights)
    np.testing.assert_allclose(weights * counts, 40, rtol=1e-3)
    assert balance.is_weighed(graph)
    assert balance.unbalanced(graph, rare(*counts)) == network(loss, 3)


def test_yes_is_weighed_by_how_often_no_is():
    graph = balance.balanced(network(BinaryCrossEntropy(), 1), rare(90, 10))
    assert graph.nodes["out"].loss.positive_weight == 9


def test_what_cannot_be_weighed_is_left_alone():
    graph = network(MeanSquaredError(), 1)
    numbers = Dataset((rare(9)["x"], Column("kind", "number", np.arange(9.0))))
    assert balance.balanced(graph, numbers) == graph
    assert not balance.is_uneven(graph, numbers)
    assert balance.advice(network(Hinge(), 2), rare(20, 0)) == ()


def test_what_an_accuracy_hides_is_told_before_training():
    notes = prepare(network(CrossEntropy(), 2), rare(95, 5), DataSettings()).notes
    assert notes == (
        "kind is b in only 5 of 100 rows: always saying a has an accuracy of 95.0 %. Look at balanced accuracy, F1 or ROC "
        "AUC, and balance the classes if the rare ones count as much.",
    )
    graph = balance.balanced(network(CrossEntropy(), 2), rare(95, 5))
    assert prepare(graph, rare(95, 5), DataSettings()).notes == ()
    assert prepare(network(CrossEntropy(), 2), rare(60, 40), DataSettings()).notes == ()
