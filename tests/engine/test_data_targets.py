"""Targets beyond classes and numbers: labels that embeddings are compared by, and texts that a series spells."""

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.prepare import as_exported, data_problems, decode, encode, prepare
from engine.data.settings import DataSettings
from engine.data.targets import counted
from engine.data.texts import alphabet_of, read, spelled, steps_needed
from engine.export.write import export
from engine.graph import Graph
from engine.infer import mend
from engine.layers.conv1d import Conv1D
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.reduce import Reduce
from engine.layers.subtract import Subtract
from engine.losses.contrastive import Contrastive
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.ctc import CTC
from engine.losses.mean_squared_error import MeanSquaredError
from engine.losses.triplet import Triplet
from engine.project.project import Project
from engine.project.run import Run
from engine.training.evaluate import evaluate
from engine.training.loop import Training
from engine.training.settings import TrainingSettings

LETTERS = np.eye(4)


def heard(text):
    """Return a series (8, 4) in which every letter a, b, c sounds for two steps; the fourth feature is silence."""
    steps = [letter for letter in text for _ in range(2)]
    return LETTERS[["abc".index(letter) for letter in steps] + [3] * (8 - len(steps))]


def recordings(count=120):
    """Return texts without equal neighbours, of two to four letters, and how they sound."""
    rng = np.random.default_rng(0)
    texts = ["".join(rng.permutation(list("abc"))[: rng.integers(2, 4)]) for _ in range(count)]
    sound = np.array([heard(text) for text in texts]) + rng.normal(scale=0.05, size=(count, 8, 4))
    return Dataset((Column("sound", "number", sound), Column("text", "text", np.array(texts))))


def speller(**values):
    graph = Graph().add("in", Input(columns=("sound",), size=(8, 4))).add("conv", Conv1D(filters=8, kernel=3), "in")
    graph = graph.add("head", Dense(units=4), "conv")
    return graph.add("out", Output(target="text", loss=CTC(length=4).with_(**values)), "head")


def clouds(count=60):
    """Return points of three classes in four dimensions."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, count)
    points = rng.normal(size=(count, 4)) * [0.3, 0.3, 0.3, 6] + 2 * np.eye(3, 4)[kind]
    numbers = (Column(f"x{i}", "number", points[:, i]) for i in range(4))
    return Dataset((*numbers, Column("kind", "category", np.array(["oak", "elm", "fir"])[kind])))


def embedder():
    graph = Graph().add("in", Input(columns=("x0", "x1", "x2", "x3"), size=(4,))).add("head", Dense(units=2), "in")
    return graph.add("out", Output(target="kind", loss=Triplet()), "head")


def trained(graph, dataset, epochs=30):
    """Return a finished training, and the run that it belongs to."""
    samples = prepare(graph, dataset, DataSettings())
    training = Training(graph, TrainingSettings(epochs=epochs, batch=16, rate=0.03), samples)
    list(training.events())
    training.close()
    run = Run("run-1", Project(graph=graph), parameters=training.parameters(), fitted=samples.fitted)
    return training, run


@given(st.lists(st.text("xyz", min_size=1, max_size=5), min_size=1, max_size=6))
def test_what_is_spelled_can_be_read(texts):
    alphabet = alphabet_of(texts)
    numbers, known = spelled(texts, alphabet, 5)
    assert known.all()
    for row, text in zip(numbers, texts, strict=True):
        path = [number for place in row for number in (0, place)]  # a blank before each character
        assert read(np.eye(len(alphabet) + 1)[path], alphabet) == text


@pytest.mark.parametrize(("text", "steps"), [("", 0), ("a", 1), ("abc", 3), ("aab", 4), ("aaa", 5)])
def test_equal_neighbours_need_a_step_between(text, steps):
    assert steps_needed(text) == steps


def test_texts_that_cannot_be_spelled_are_not_known():
    numbers, known = spelled(["ab", "", "abab", "ax"], ["a", "b"], 3)
    assert known.tolist() == [True, False, False, False]
    assert numbers.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]


def exported(run, dataset, tmp_path, feed):
    """Write the model and return what ONNX Runtime alone answers, as a person reads it."""
    report = export(tmp_path / "m.onnx", run, dataset)
    assert report.verification.agrees
    session = onnxruntime.InferenceSession((tmp_path / "m.onnx").read_bytes())
    assert [output.name for output in session.get_outputs()] == ["out"]
    (answer,) = session.run(["out"], {"in": feed.astype(np.float32)})
    layer = run.project.graph.nodes["out"]
    return decode(layer, as_exported(layer, run.fitted["out"]), answer)


def test_a_network_learns_to_spell(tmp_path):
    dataset = recordings()
    training, run = trained(speller(), dataset)
    found = evaluate(training.graph, training.parameters(), training.samples)
    assert found.loss == training.recorder.best.validation_loss < 0.2
    assert found.outputs["out"].classes == ()
    assert found.outputs["out"].metrics["CharacterErrorRate"] < 0.1
    told = exported(run, dataset, tmp_path, dataset["sound"].values)
    assert np.mean([answer.text == text for answer, text in zip(told, dataset["text"].values, strict=True)]) > 0.9


def test_new_texts_with_other_letters_are_not_scored():
    dataset = recordings(20)
    samples = prepare(speller(), dataset, DataSettings())
    other = Dataset((dataset["sound"], Column("text", "text", np.array(["ab"] * 19 + ["aq"]))))
    again = encode(speller(), other, DataSettings(), samples.fitted)
    assert again.validation.tolist() == list(range(19))


def test_embeddings_of_a_class_come_near_each_other(tmp_path):
    dataset = clouds()
    training, run = trained(embedder(), dataset)
    assert training.recorder.best.validation_loss < 0.5
    table = np.stack([dataset[f"x{i}"].values for i in range(4)], axis=1)
    told = exported(run, dataset, tmp_path, table)
    points, kind = np.array([answer.values for answer in told]), dataset["kind"].values
    apart = np.linalg.norm(points[:, None] - points, axis=2) + 1e9 * np.eye(len(points))
    assert (kind[apart.argmin(axis=1)] == kind).mean() > 0.9


def test_pairs_are_told_apart_by_their_distance():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 80, 3))
    same = rng.random(80) < 0.5
    second = np.where(same[:, None], first * [1, -1, 1] + rng.normal(scale=0.05, size=(80, 3)), second)
    columns = (Column("a", "number", first), Column("b", "number", second))
    dataset = Dataset((*columns, Column("same", "category", np.where(same, "yes", "no"))))
    graph = Graph().add("a", Input(columns=("a",), size=(3,))).add("b", Input(columns=("b",), size=(3,)))
    graph = graph.add("one", Dense(units=3), "a").add("other", Dense(units=3), "b")
    graph = graph.add("difference", Subtract(), "one", "other")
    graph = graph.add("distance", Reduce(operation="norm", keep=True), "difference")
    graph = graph.add("out", Output(target="same", loss=Contrastive()), "distance")
    training, _ = trained(graph, dataset, 60)
    found = evaluate(training.graph, training.parameters(), training.samples, np.arange(80))
    assert found.outputs["out"].metrics["Accuracy"] > 0.9


def problems(graph, dataset):
    return data_problems(graph, dataset, DataSettings())


def test_data_that_suits_has_no_problems():
    assert problems(speller(), recordings()) == ()
    assert problems(embedder(), clouds()) == ()


def test_longer_texts_than_expected_are_a_problem_with_a_fix():
    (problem,) = problems(speller(length=2), recordings())
    assert problem.what == "text holds texts of up to 3 characters, but CTC takes at most 2."
    assert problems(mend(speller(length=2), problem, problem.fixes[0]), recordings()) == ()


def test_too_few_steps_for_equal_neighbours_are_a_problem():
    dataset = recordings(20)
    texts = np.array(["aabbccaab"] + ["abc"] * 19)
    (problem,) = problems(
        speller(length=8).add("out", speller(length=8).nodes["out"], "head"), _with(dataset, texts[:20])
    )
    assert "CTC takes at most 8" in problem.what
    texts[0] = "aabbcc"
    (problem,) = problems(speller(length=8), _with(dataset, texts))
    assert problem.what.startswith("head gives 8 steps, but text has a text that needs 9: ")


def _with(dataset, texts):
    return Dataset((dataset["sound"], Column("text", "text", texts)))


def test_the_alphabet_needs_its_units():
    graph = speller().add("head", Dense(units=7), "conv")
    (problem,) = problems(graph, recordings())
    assert problem.what == "head gives 7 values, but text has 3 characters, and a blank comes first."
    assert problems(mend(graph, problem, problem.fixes[0]), recordings()) == ()


def test_only_steps_with_a_target_are_counted():
    numbers = np.arange(12.0).reshape(2, 3, 2)
    known = numbers + 100
    known[0, 1, 0] = known[1, 2, 1] = np.nan
    answer, target = counted(MeanSquaredError(), numbers, known)
    assert answer.tolist() == [[0, 1], [4, 5], [6, 7], [8, 9]]
    np.testing.assert_array_equal(target, answer + 100)
    shares, classes = np.arange(18.0).reshape(2, 3, 3), np.array([[0, -1, 2], [-1, -1, 1]])
    answer, target = counted(CrossEntropy(), shares, classes)
    assert answer[:, 0].tolist() == [0, 6, 15]
    assert target.tolist() == [0, 2, 1]
    for loss, whole in ((CrossEntropy(), np.array([0, 2])), (MeanSquaredError(), np.array([[np.nan], [1.0]]))):
        assert counted(loss, numbers, whole)[1] is whole
