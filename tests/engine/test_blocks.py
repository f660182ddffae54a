"""Layers that walk through large batches block by block: the same values and gradients as in one piece."""

import numpy as np
import pytest

from engine.graph import Graph
from engine.kernels import memory, reductions
from engine.kernels.classes import FEW
from engine.layers.batch_norm import BatchNorm
from engine.layers.elu import ELU
from engine.layers.glu import GLU
from engine.layers.group_norm import GroupNorm
from engine.layers.hard_swish import HardSwish
from engine.layers.input import Input
from engine.layers.instance_norm import InstanceNorm
from engine.layers.layer_norm import LayerNorm
from engine.layers.leaky_relu import LeakyReLU
from engine.layers.local_response_norm import LocalResponseNorm
from engine.layers.log_softmax import LogSoftmax
from engine.layers.mish import Mish
from engine.layers.output import Output
from engine.layers.prelu import PReLU
from engine.layers.rms_norm import RMSNorm
from engine.layers.scale import Scale
from engine.layers.softmax import Softmax
from engine.layers.swiglu import SwiGLU
from engine.layers.upsample import Upsample
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
CASES += [(GroupNorm(groups=2), size) for size in ((4,), (3, 2), (4, 2, 3))] + [(InstanceNorm(), (3, 2, 2))]
CASES += [(layer, size) for layer in (PReLU(), PReLU(each=True), Scale(learned=True)) for size in (*FLAT, (3, 2, 2))]
CASES += [(layer, size) for layer in (GLU(), SwiGLU()) for size in ((6,), (3, 4), (4, 2, 3))]
CASES += [(layer, (2, 2, 3)) for layer in (Upsample(), Upsample(mode="bilinear"), LocalResponseNorm(size=3))]
CASES += [(layer, size) for layer in (ELU(), Mish(), HardSwish(), LeakyReLU()) for size in ((9,), (3, 2, 3))]


@pytest.mark.parametrize(("layer", "size"), CASES, ids=str)
def test_a_large_batch_is_walked_through_in_blocks(layer, size, monkeypatch):
    whole = computed(layer, size)
    for module in (memory, reductions):
        monkeypatch.setattr(module, "PIECE", 31)
    for name, value in computed(layer, size).items():
        np.testing.assert_allclose(value, whole[name], atol=1e-12, err_msg=name)
