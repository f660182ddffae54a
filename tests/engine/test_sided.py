"""Layers with windows, with parameters drawn at random: what examples leave out. No layer is named here."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import Layer
from engine.export.session import OnnxPredictor
from engine.layer import Example, ShapeError
from engine.layers.sided import Sided
from engine.plan.predict import Predictor
from tests.engine.in_torch import evaluated
from tests.engine.networks import Alone
from tests.engine.test_onnx_layers import _graph, _model, _parameters

KINDS = [
    pytest.param(kind, id=name)
    for name, kind in sorted(Layer.registry.items())
    if issubclass(kind, Sided) and kind.forward is not Layer.forward
]


@st.composite
def examples(draw, kind):
    """Draw small parameters and a small input; the layer may refuse it."""
    values = {}
    for name, rule in kind.params().items():
        standard = getattr(kind(), name)
        if rule.choices:
            values[name] = draw(st.sampled_from(rule.choices))
        elif isinstance(standard, bool):
            values[name] = draw(st.booleans())
        elif isinstance(standard, int):
            values[name] = draw(st.integers(int(rule.min), int(rule.min) + 3))
        elif isinstance(standard, tuple):
            values[name] = tuple(draw(st.integers(int(rule.min), int(rule.min) + 2)) for _ in standard)
    sides = tuple(draw(st.integers(1, 6)) for _ in range(kind.rank))
    return Example(kind(**values), (kind().joined(draw(st.integers(1, 4)), sides),))


def fits(example):
    """Tell whether the layer takes the input; where it does not it says so in a sentence."""
    try:
        example.layer.shape(*example.inputs)
    except ShapeError as error:
        text = str(error)
        assert text[:1].isupper()
        assert text.endswith(".")
        return False
    return True


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20)
@given(data=st.data())
def test_values_and_gradients_are_those_of_pytorch(kind, data):
    import torch

    example = data.draw(examples(kind))
    if not fits(example):
        return
    alone = Alone(example, 2)
    ours = alone.run(alone.inputs, alone.grads)
    x = torch.tensor(alone.inputs["x"], requires_grad=True)
    theirs, modules = in_torch(example, alone.weights, {"x": x}, torch.tensor(alone.grads["y"]))
    if theirs is None:
        return
    close(ours["y"], theirs)
    close(ours["grad_x"], x.grad)
    for module in modules:
        for name, parameter in module.named_parameters():
            close(ours[f"grad_{name}"], parameter.grad)


# A pooling of volumes wants more room than its padding makes; a transposed one trips over an image of one pixel.
FAULTS = ("smaller than kernel", "grad_weight needs to be contiguous")


def in_torch(example, weights, values, grad):
    """Return what PyTorch says, gradients included, or None where it cannot do what it should."""
    try:
        found, modules = evaluated(example.layer, example.inputs, weights, values, training=True)
        found.backward(grad)
    except RuntimeError as error:
        if any(fault in str(error) for fault in FAULTS):
            return None, ()
        raise
    return found, modules


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=4)
@given(data=st.data())
def test_onnx_runtime_says_the_same(kind, data):
    example = data.draw(examples(kind).filter(fits))
    graph = _graph(example)
    parameters = _parameters(graph)
    network, proto = _model(graph, parameters, 20)
    (node,) = network.inputs
    feeds = {node: np.random.default_rng(1).standard_normal((2, *example.inputs[0])).astype(np.float32)}
    ours = Predictor(graph, parameters, batch=2).outputs(feeds)["out_y"]
    (theirs,) = (array for name, array in OnnxPredictor(proto.SerializeToString()).run(feeds).items() if "box" in name)
    np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5)
