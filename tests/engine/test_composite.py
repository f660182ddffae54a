"""Layers that are made of other layers."""

import numpy as np
import pytest

from engine.composite import Composite, flatten
from engine.graph import Graph, Port
from engine.infer import infer
from engine.layer import ShapeError
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.losses.mean_squared_error import MeanSquaredError
from engine.plan.compile import compile
from engine.spec import param


class Two(Composite, abstract=True):
    """Dense and a rectifier."""

    units: int = param("How many.", default=3, min=1, max=64)

    def expand(self, wiring, x):
        return wiring.add("act", ReLU(), wiring.add("dense", Dense(units=self.units), x))


class Nested(Composite, abstract=True):
    """Two of them, one after the other."""

    def expand(self, wiring, x):
        return wiring.add("second", Two(units=2), wiring.add("first", Two(), x))


class Nothing(Composite, abstract=True):
    """Hands on what it gets."""

    def expand(self, wiring, x):
        return x


def network(*layers):
    graph, last = Graph().add("in", Input(size=(4,))), "in"
    for number, layer in enumerate(layers):
        last = f"box{number}"
        graph = graph.add(last, layer, list(graph.nodes)[-1])
    return graph.add("out", Output(loss=MeanSquaredError()), last)


def test_it_takes_its_ports_and_shape_from_what_it_is_made_of():
    assert Nested().ports() == ("x",)
    assert Nested().shape((4,)) == (2,)
    with pytest.raises(ShapeError, match="Dense takes a flat vector"):
        Two().shape((3, 4, 5))
    assert infer(network(Nested())).problems == ()


@pytest.mark.parametrize(
    "layers", [(Two(),), (Two(), Two()), (Nested(), Two(), Nested()), (Nothing(), Two(), Nothing())]
)
def test_flattening_leaves_only_simple_layers(layers):
    flat = flatten(network(*layers))
    assert not any(isinstance(layer, Composite) for layer in flat.nodes.values())
    assert infer(flat).problems == ()
    assert infer(flat).inputs(flat, "out") == infer(network(*layers)).inputs(network(*layers), "out")


def test_inner_boxes_are_named_by_their_path():
    flat = flatten(network(Nested()))
    assert set(flat.nodes) == {
        "in",
        "out",
        *(f"box0/{outer}/{inner}" for outer in ("first", "second") for inner in ("dense", "act")),
    }
    assert flat.sources("box0/second/dense") == {"x": Port("box0/first/act")}


def test_a_value_that_two_composites_read():
    graph = Graph().add("in", Input(size=(4,))).add("a", Two(), "in").add("b", Two(), "in")
    graph = graph.add("o1", Output(), "a").add("o2", Output(), "b")
    assert flatten(graph).sources("b/dense") == {"x": Port("in")}


def test_it_computes_what_its_layers_compute():
    boxed = compile(network(Nested()), 3, dtype=np.float64)
    plain = compile(network(Dense(units=3), ReLU(), Dense(units=2), ReLU()), 3, dtype=np.float64)
    for ours, theirs in zip(boxed.parameters.values(), plain.parameters.values(), strict=True):
        theirs[...] = ours
    rng = np.random.default_rng(0)
    inputs, targets = {"in": rng.normal(size=(3, 4))}, {"out": rng.normal(size=(3, 2))}
    for plan in (boxed, plain):
        plan.load(inputs, targets)
    assert boxed.run() == plain.run()
    for ours, theirs in zip(boxed.gradients.values(), plain.gradients.values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
