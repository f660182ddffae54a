"""Layers that walk through large batches block by block: the same values and gradients as in one piece."""

import numpy as np
import pytest

from engine.graph import Graph
from engine.kernels import reductions
from engine.kernels.classes import FEW
from engine.layers.batch_norm import BatchNorm
from engine.layers.input import Input
from engine.layers.layer_norm import LayerNorm
from engine.layers.log_softmax import LogSoftmax
from engine.layers.output import Output
from engine.layers.rms_norm import RMSNorm
from engine.layers.softmax import Softmax
from engine.plan.compile import compile

from .networks import Weighted, all_gradients, feed, run, scatter


def computed(layer, size):
    graph = Graph().add("in", Input(size=size)).add("box", layer, "in").add("out", Output(loss=Weighted()), "box")
    plan = compile(graph, 6, dtype=np.float64, input_gradients=True, poison=True)
    rng = np.random.default_rng(0)
    scatter(plan, rng)
    feed(plan, rng)
    run(plan)
    return {"y": np.array(plan.outputs()["out"])} | all_gradients(plan)


FLAT = [(5,), (4, 3), (7, 3)]
CASES = [(BatchNorm(), size) for size in (*FLAT, (3, 2, 5), (3, 2, 2, 4))]
CASES += [(layer, size) for layer in (Softmax(), LogSoftmax()) for size in (*FLAT, (FEW + 1,), (3, 2, 5))]
CASES += [(LayerNorm(), size) for size in (*FLAT, (3, 2, 5))] + [(RMSNorm(), size) for size in FLAT]


@pytest.mark.parametrize(("layer", "size"), CASES, ids=str)
def test_a_large_batch_is_walked_through_in_blocks(layer, size, monkeypatch):
    whole = computed(layer, size)
    monkeypatch.setattr(reductions, "PIECE", 31)
    for name, value in computed(layer, size).items():
        np.testing.assert_allclose(value, whole[name], atol=1e-12, err_msg=name)
