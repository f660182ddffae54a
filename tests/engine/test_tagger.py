"""A network that answers at each step: drawn, trained on texts with their tags, exported, and equal to PyTorch's."""

from pathlib import Path

import numpy as np
import pytest

from engine.columns import Column, text_array
from engine.data.dataset import Dataset
from engine.data.prepare import decode, encode, prepare
from engine.data.settings import DataSettings
from engine.data.steps import answered
from engine.export.onnx import build
from engine.export.samples import samples
from engine.export.session import OnnxPredictor
from engine.export.verify import verify
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.predict import Predictor
from engine.plan.state import draw_parameters
from engine.project.file import load
from engine.training.evaluate import evaluate

PROJECT = Path(__file__).parent.parent / "files" / "tagger.netw"
TAGS = {"the": "ART", "a": "ART", "cat": "NOUN", "dog": "NOUN", "sees": "VERB", "hears": "VERB", "old": "ADJ"}
SETTINGS = DataSettings(validation=0.25)


@pytest.fixture(scope="module")
def graph():
    return load(PROJECT).project.graph


@pytest.fixture(scope="module")
def sentences():
    """Sentences of one to eight words, with a tag for each word."""
    rng = np.random.default_rng(1)
    texts, tags = [], []
    for _ in range(120):
        words = rng.choice(list(TAGS), rng.integers(1, 9)).tolist()
        texts.append(" ".join(words))
        tags.append(" ".join(TAGS[word] for word in words))
    return Dataset((Column("text", "text", text_array(texts)), Column("tags", "text", text_array(tags))))


def scattered(graph):
    rng = np.random.default_rng(2)
    return {n: rng.normal(scale=0.3, size=a.shape) for n, a in draw_parameters(graph, 0).items()}


def test_it_has_as_many_weights_as_pytorch_says(graph):
    """Embedding 12 · 16; two bidirectional layers of 2 · 3 · 24 · (inputs + 24 + 2); 48 · 4 + 4 for the tags."""
    gates = sum(2 * 3 * 24 * (inputs + 24 + 2) for inputs in (16, 48))
    assert sum(array.size for array in draw_parameters(graph, 0).values()) == 12 * 16 + gates + 48 * 4 + 4 == 17_092


def in_torch(torch, parameters):
    """Return PyTorch's modules with our weights, in double precision."""
    embedding = torch.nn.Embedding(12, 16)
    reader = torch.nn.GRU(16, 24, num_layers=2, batch_first=True, bidirectional=True)
    head = torch.nn.Linear(48, 4)
    modules = torch.nn.ModuleDict({"embedding": embedding, "reader": reader, "head": head}).double()
    for name, weight in modules.named_parameters():
        weight.data[...] = torch.as_tensor(parameters[ours(name)])
    return modules


def ours(name):
    """Return our name of one of PyTorch's weights."""
    box, _, weight = name.partition(".")
    if box != "reader":
        return name
    side = "backward" if weight.endswith("_reverse") else "forward"
    level = "_l1" if "_l1" in weight else ""
    return f"reader/{side}{level}.{weight.removesuffix('_reverse').replace('_l1', '_l0')}"


@pytest.mark.oracle
def test_it_is_pytorchs_on_packed_sequences(graph, sentences):
    torch = pytest.importorskip("torch")
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    prepared = prepare(graph, sentences, SETTINGS)
    rows = np.arange(20)
    plan = compile(graph, len(rows), dtype=np.float64, poison=True)
    plan.state.restore(scattered(graph))
    tokens, targets = prepared.inputs["in"][rows], prepared.targets["out"][rows]
    plan.load({"in": tokens}, {"out": targets})
    loss = plan.run()
    lengths = (tokens != 0).sum(axis=1)
    modules = in_torch(torch, plan.parameters)
    ahead = torch.zeros(tokens.shape, dtype=torch.long)  # PyTorch packs sequences that begin at the front
    for row, length in enumerate(lengths):
        ahead[row, :length] = torch.as_tensor(tokens[row][tokens[row] != 0])
    packed = pack_padded_sequence(modules["embedding"](ahead), torch.as_tensor(lengths), True, enforce_sorted=False)
    states, _ = pad_packed_sequence(modules["reader"](packed)[0], batch_first=True)
    scores = modules["head"](states)
    total = 0.0
    for row, length in enumerate(lengths):
        there = tokens[row] != 0
        np.testing.assert_allclose(
            plan.outputs()["out"][row][there], scores[row, :length].detach(), rtol=1e-9, atol=1e-11
        )
        truth = torch.as_tensor(targets[row][there])
        total = total + torch.nn.functional.cross_entropy(scores[row, :length], truth) / len(rows)
    assert loss == pytest.approx(total.item(), rel=1e-10)
    total.backward()
    for name, weight in modules.named_parameters():
        np.testing.assert_allclose(plan.gradients[ours(name)], weight.grad, rtol=1e-7, atol=1e-11, err_msg=name)


def test_it_learns_from_texts_and_their_tags(graph, sentences):
    prepared = prepare(graph, sentences, SETTINGS)
    assert prepared.fitted["out"] == {"classes": ["ADJ", "ART", "NOUN", "VERB"]}
    np.testing.assert_array_equal(prepared.targets["out"] >= 0, prepared.inputs["in"] != 0)
    plan = compile(graph, 30, optimizer=Adam(), seed=1)
    for _ in range(30):
        for start in range(0, 90, 30):
            rows = prepared.train[start : start + 30]
            plan.load({"in": prepared.inputs["in"][rows]}, {"out": prepared.targets["out"][rows]})
            plan.step(0.02)
    found = evaluate(graph, plan.parameters, prepared)
    words = int((prepared.inputs["in"][prepared.validation] != 0).sum())
    assert found.outputs["out"].confusion.sum() == words  # padding is not counted
    assert found.outputs["out"].metrics["Accuracy"] == 1.0
    assert found.loss < 0.05
    told = Dataset((Column("text", "text", text_array(["the old cat sees", "a dog"])),))
    new = encode(graph, told, SETTINGS, prepared.fitted)
    answers = Predictor(graph, plan.parameters).answers(new.inputs)["out"]
    said = decode(graph.nodes["out"], prepared.fitted["out"], answers, answered(graph, new.inputs)["out"])
    assert [answer.text for answer in said] == ["ART ADJ NOUN VERB", "ART NOUN"]


@pytest.mark.parametrize("opset", [17, 20])
def test_its_exported_model_answers_alike(graph, sentences, opset):
    fitted = prepare(graph, sentences, SETTINGS).fitted
    parameters = {name: array.astype(np.float32) for name, array in scattered(graph).items()}
    model = build(graph, parameters, fitted, opset=opset)
    chosen = samples(graph, sentences, SETTINGS, fitted, 12)
    found = verify(model, graph, parameters, fitted, chosen.feeds, chosen.inputs)
    assert found.agrees, found.first_wrong
    said = OnnxPredictor(bytes(model)).run(chosen.feeds, ["out"])["out"]
    there = chosen.inputs["in"] != 0
    mine = Predictor(graph, parameters).answers(chosen.inputs)["out"]
    np.testing.assert_allclose(said[there], mine[there], rtol=1e-4, atol=1e-5)


def test_workers_leave_padding_out_too(graph, sentences):
    prepared = prepare(graph, sentences, SETTINGS)
    batch = {"in": prepared.inputs["in"][:9]}, {"out": prepared.targets["out"][:9]}
    losses, parameters = [], []
    for workers in (1, 2):
        plan = compile(graph, 9, optimizer=Adam(), dtype=np.float64, seed=4, workers=workers)
        for _ in range(3):
            plan.load(*batch)
            losses.append(plan.step(0.01))
        parameters.append({name: array.copy() for name, array in plan.parameters.items()})
        plan.close()
    assert losses[:3] == pytest.approx(losses[3:], rel=1e-9)
    for name, array in parameters[0].items():
        np.testing.assert_allclose(parameters[1][name], array, rtol=1e-7, atol=1e-9, err_msg=name)
