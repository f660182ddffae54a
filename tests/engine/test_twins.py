"""Composites and published networks against PyTorch's own modules, from the same weights."""

import numpy as np
import pytest

from engine.graph import Graph, Port
from engine.infer import infer, mend
from engine.layers.bidirectional import Bidirectional
from engine.layers.input import Input
from engine.layers.multi_head_attention import MultiHeadAttention
from engine.layers.output import Output
from engine.layers.transformer_decoder_block import TransformerDecoderBlock
from engine.layers.unet_step import UNetStep
from engine.losses.mean_squared_error import MeanSquaredError
from engine.plan.predict import Predictor
from engine.plan.state import draw_parameters


def scattered(graph):
    rng = np.random.default_rng(1)
    drawn = draw_parameters(graph, 0)
    return {name: rng.normal(scale=0.5, size=array.shape).astype(np.float32) for name, array in drawn.items()}


def answer(graph, parameters, **inputs):
    return Predictor(graph, parameters, batch=2).outputs(inputs)["out"]


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_a_tagger_of_two_bidirectional_layers(kind):
    torch = pytest.importorskip("torch")
    first, second = (Bidirectional(layer=kind, units=units, sequence=True) for units in (4, 3))
    graph = Graph().add("in", Input(size=(6, 5))).add("first", first, "in").add("second", second, "first")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "second")
    parameters = scattered(graph)
    values = np.random.default_rng(2).normal(size=(2, 6, 5)).astype(np.float32)
    theirs = torch.tensor(values)
    for box, width, units in (("first", 5, 4), ("second", 8, 3)):
        module = getattr(torch.nn, kind)(width, units, batch_first=True, bidirectional=True)
        for name, weight in module.named_parameters():
            side = "backward" if name.endswith("_reverse") else "forward"
            weight.data[...] = torch.tensor(parameters[f"{box}/{side}.{name.removesuffix('_reverse')}"])
        theirs = module(theirs)[0]
    found = answer(graph, parameters, **{"in": values})
    np.testing.assert_allclose(found, theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.oracle
def test_a_decoder():
    torch = pytest.importorskip("torch")
    graph = Graph().add("in", Input(size=(5, 8))).add("memory", Input(size=(7, 8)))
    graph = graph.add("box", TransformerDecoderBlock(heads=2, hidden=16), "in", "memory")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "box")
    parameters = scattered(graph)
    module = torch.nn.TransformerDecoderLayer(8, 2, 16, 0.0, activation="gelu", batch_first=True)
    module.load_state_dict({name.removeprefix("box/"): torch.tensor(a) for name, a in parameters.items()})
    rng = np.random.default_rng(2)
    x, memory = (rng.normal(size=(2, steps, 8)).astype(np.float32) for steps in (5, 7))
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5)
    theirs = module(torch.tensor(x), torch.tensor(memory), tgt_mask=mask).detach().numpy()
    found = answer(graph, parameters, **{"in": x, "memory": memory})
    np.testing.assert_allclose(found, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [(2, 5, 6), (2, 3, 5)])
def test_a_step_of_a_u_net_mends_a_pixel_too_many_or_too_few(size):
    graph = Graph().add("in", Input(size=(3, 2, 3))).add("wide", Input(size=size))
    graph = graph.add("box", UNetStep(filters=2), "in", "wide")
    (problem,) = infer(graph).problems
    assert problem.port == "skip"
    mended = infer(mend(graph, problem, problem.fixes[0]))
    assert mended.problems == ()
    assert mended.shapes[Port("box")] == (2, 4, 6)


@pytest.mark.oracle
@pytest.mark.parametrize("causal", [False, True])
def test_attention_leaves_padding_out_as_pytorch_does(causal):
    torch = pytest.importorskip("torch")
    graph = Graph().add("in", Input(size=(6, 8), mask=True))
    graph = graph.add("box", MultiHeadAttention(heads=2, causal=causal), "in")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "box")
    parameters = scattered(graph)
    module = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    module.load_state_dict({name.removeprefix("box."): torch.tensor(a) for name, a in parameters.items()})
    values = np.random.default_rng(2).normal(size=(2, 6, 8)).astype(np.float32)
    values[0, 4:] = values[1, 1:3] = np.nan
    x, padding = torch.tensor(np.nan_to_num(values)), torch.tensor(np.isnan(values).all(axis=2))
    future = torch.ones(6, 6, dtype=torch.bool).triu(1) if causal else None
    theirs = module(x, x, x, key_padding_mask=padding, attn_mask=future, need_weights=False)[0].detach().numpy()
    found = answer(graph, parameters, **{"in": values})
    there = ~padding.numpy()
    np.testing.assert_allclose(found[there], theirs[there], rtol=1e-5, atol=1e-6)


@pytest.mark.oracle
def test_attention_with_rotated_queries_and_keys():
    torch = pytest.importorskip("torch")
    graph = Graph().add("in", Input(size=(5, 8))).add("box", MultiHeadAttention(heads=2, rope=True, base=100.0), "in")
    graph = graph.add("out", Output(loss=MeanSquaredError()), "box")
    parameters = scattered(graph)
    x = torch.tensor(np.random.default_rng(2).normal(size=(2, 5, 8)).astype(np.float32))
    weight, bias = (torch.tensor(parameters[f"box.in_proj_{name}"]) for name in ("weight", "bias"))
    parts = torch.nn.functional.linear(x, weight, bias).reshape(2, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
    angles = torch.arange(5)[:, None] * 100.0 ** (-torch.arange(2) / 2)
    q, k = (
        torch.view_as_real(torch.view_as_complex(part.reshape(2, 2, 5, 2, 2).contiguous()) * torch.exp(1j * angles))
        for part in parts[:2]
    )
    mixed = torch.nn.functional.scaled_dot_product_attention(q.flatten(3), k.flatten(3), parts[2])
    rows = mixed.transpose(1, 2).reshape(2, 5, 8)
    outer, shift = (torch.tensor(parameters[f"box.out_proj.{name}"]) for name in ("weight", "bias"))
    theirs = torch.nn.functional.linear(rows, outer, shift).numpy()
    found = answer(graph, parameters, **{"in": x.numpy()})
    np.testing.assert_allclose(found, theirs, rtol=1e-5, atol=1e-5)
