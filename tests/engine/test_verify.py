"""Exported models answer as the program does, and one that does not is refused by the name of the first wrong box."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.prepare import decode, prepare
from engine.data.settings import DataSettings
from engine.export import write
from engine.export.onnx import build
from engine.export.samples import samples
from engine.export.session import OnnxPredictor
from engine.export.verify import _label_stands, difference, verify
from engine.export.write import ModelDiffersError, export, model_of
from engine.graph import Graph
from engine.layers.concatenate import Concatenate
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.layers.residual_block import ResidualBlock
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.plan.predict import Predictor
from engine.plan.state import draw_parameters
from engine.preprocessing.scale import Scale
from engine.problems import UserError
from engine.project.project import Project
from engine.project.run import Run

ROWS = 60


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    return Dataset(
        (
            Column("heat", "number", np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(1000, 5, ROWS))),
            Column("wind", "number", rng.normal(size=ROWS)),
            Column("place", "category", rng.choice(np.array(["", "hill", "übersee"]), ROWS)),
            Column("kind", "category", np.array(["yes", "no", "no", "maybe"] * (ROWS // 4))),
            Column("yield", "number", rng.normal(50_000, 900, ROWS)),
        )
    )


@pytest.fixture
def run(dataset):
    graph = (
        Graph()
        .add("in", Input(columns=("heat", "wind", "place"), size=(4,)))
        .add("first", Dense(units=8), "in")
        .add("bent", ReLU(), "first")
        .add("second", Dense(units=3), "bent")
        .add("kind", Output(target="kind"), "second")
        .add("head", Dense(units=1), "bent")
        .add("yield", Output(target="yield", loss=MeanSquaredError()), "head")
        .add("unread", Dense(units=2), "first")
    )
    fitted = prepare(graph, dataset, DataSettings()).fitted
    return Run("run-1", Project(graph=graph), parameters=draw_parameters(graph, 0), fitted=fitted)


def test_an_export_answers_from_raw_values_alone(run, dataset, tmp_path):
    report = export(tmp_path / "m.onnx", run, dataset)
    assert report.verification.agrees
    assert report.verification.samples == 32
    assert [box.box for box in report.verification.boxes] == [
        "in", "first", "bent", *sorted({"second", "head"}, key=run.project.graph.order.index), "kind", "yield",
    ]  # fmt: skip
    session = onnxruntime.InferenceSession((tmp_path / "m.onnx").read_bytes())
    table = np.stack([dataset["heat"].values, dataset["wind"].values], axis=1).astype(np.float32)
    answer = session.run(
        ["kind", "kind_label", "yield"], {"in": table, "in.place": dataset["place"].values[:, None].astype(object)}
    )
    project = run.project
    ours = Predictor(project.graph, run.parameters).answers(prepare(project.graph, dataset, project.data).inputs)
    np.testing.assert_allclose(answer[0], ours["kind"], atol=1e-5)
    told = decode(project.graph.nodes["kind"], run.fitted["kind"], ours["kind"])
    assert answer[1].tolist() == [item.text for item in told]
    told = decode(project.graph.nodes["yield"], run.fitted["yield"], ours["yield"])
    np.testing.assert_allclose(answer[2][:, 0], [item.values[0] for item in told], rtol=1e-6)


def test_a_model_speaks_for_itself(run, dataset, tmp_path):
    export(tmp_path / "m.onnx", run, dataset)
    model = onnx.load(tmp_path / "m.onnx")
    assert [(item.domain, item.version) for item in model.opset_import] == [("", 20)]
    assert model.ir_version == 9
    assert {"first", "bent", "second", "head"} <= {node.name for node in model.graph.node}
    assert "unread" not in {node.name for node in model.graph.node}
    assert all(item.type.tensor_type.shape.dim[0].dim_param == "batch" for item in model.graph.input)
    about = json.loads(model.metadata_props[0].value)
    assert about["run"] == "run-1"
    assert about["outputs"]["kind"]["classes"] == ["maybe", "no", "yes"]
    assert about["inputs"]["in"]["columns"] == ["heat", "wind", "place"]
    told = {name: tensor["columns"] for name, tensor in about["inputs"]["in"]["tensors"].items()}
    assert told == {"in": ["heat", "wind"], "in.place": ["place"]}
    assert 0 <= about["largest_difference"] < 1e-4
    assert OnnxPredictor(bytes(model.SerializeToString())).about == about


@pytest.mark.parametrize(("opset", "version"), [(17, 8), (18, 8), (19, 9), (20, 9)])
def test_every_operator_set_is_written_at_its_own_format(run, dataset, tmp_path, opset, version):
    report = export(tmp_path / "m.onnx", run, dataset, opset=opset)
    assert (report.opset, report.ir_version) == (opset, version)


@pytest.mark.parametrize("weight", ["first.weight", "first.bias", "second.weight", "head.bias"])
def test_a_corrupted_weight_names_the_first_wrong_box(run, dataset, weight):
    project = run.project
    spoilt = {**run.parameters, weight: run.parameters[weight] + np.float32(0.01)}
    model = build(project.graph, spoilt, run.fitted)
    chosen = samples(project.graph, dataset, project.data, run.fitted, limit=8)
    found = verify(model, project.graph, run.parameters, run.fitted, chosen.feeds, chosen.inputs)
    assert not found.agrees
    assert found.first_wrong.box == weight.partition(".")[0]


def compared(run, dataset, classes):
    """Compare the model of a run that names its classes otherwise with the run itself."""
    graph = run.project.graph
    (node,) = (name for name, known in run.fitted.items() if "classes" in known)
    model = build(graph, run.parameters, {**run.fitted, node: {"classes": classes}})
    chosen = samples(graph, dataset, run.project.data, run.fitted, limit=16)
    return verify(model, graph, run.parameters, run.fitted, chosen.feeds, chosen.inputs)


@pytest.mark.parametrize("classes", [["no", "maybe", "yes"], ["maybe", "no", "certainly"], ["", "no", "yes"]])
def test_a_wrong_label_is_found_however_right_its_numbers_are(run, dataset, classes):
    assert compared(run, dataset, ["maybe", "no", "yes"]).agrees
    found = compared(run, dataset, classes)
    assert (found.first_wrong.box, found.largest) == ("kind", np.inf)


def test_the_label_of_one_of_two_classes_is_compared_too(mixed, images):
    assert compared(mixed, images, ["no", "yes"]).agrees
    assert compared(mixed, images, ["yes", "no"]).first_wrong.box == "good"


def test_where_two_classes_are_as_likely_either_label_stands():
    fitted, labels = {"classes": ["a", "b"]}, np.array(["a", "b"])
    for ours, stands in ((0.5, True), (0.50004, True), (0.5002, False)):
        shares = np.array([[1 - ours, ours], [ours, 1 - ours]])
        assert _label_stands(labels, shares, fitted) is stands
        assert _label_stands(labels[:, None], np.array([[ours], [1 - ours]]), fitted) is stands


def test_what_one_file_cannot_hold_is_said(run, dataset, monkeypatch):
    monkeypatch.setattr("engine.export.onnx.LARGEST", 100)
    with pytest.raises(UserError, match=r"The weights take [\d,]+ bytes, but one ONNX file holds at most 100"):
        bytes(model_of(run))


def test_a_model_that_differs_is_never_written(run, dataset, tmp_path, monkeypatch):
    target = tmp_path / "m.onnx"
    target.write_bytes(b"before")
    spoilt = run.with_(parameters={**run.parameters, "second.bias": run.parameters["second.bias"] + np.float32(1)})
    monkeypatch.setattr(write, "model_of", lambda _run, opset: model_of(spoilt, opset))
    with pytest.raises(ModelDiffersError, match=r"first at second \(Dense\)") as caught:
        export(target, run, dataset)
    assert caught.value.verification.first_wrong.box == "second"
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


@pytest.fixture
def images():
    rng = np.random.default_rng(1)
    return Dataset(
        (
            Column("picture", "image", rng.integers(0, 256, (40, 2, 8, 8), np.uint8)),
            Column("size", "number", rng.normal(size=40)),
            Column("good", "category", rng.choice(np.array(["no", "yes"]), 40)),
        )
    )


@pytest.fixture
def mixed(images):
    """Two Inputs, a composite, and one value that tells two classes apart."""
    graph = (
        Graph()
        .add("picture", Input(columns=("picture",), size=(2, 8, 8), preprocessing=Scale()))
        .add("size", Input(columns=("size",), size=(1,)))
        .add("block", ResidualBlock(filters=4), "picture")
        .add("flat", Flatten(), "block")
        .add("both", Concatenate(), "flat", "size")
        .add("head", Dense(units=1), "both")
        .add("good", Output(target="good", loss=BinaryCrossEntropy()), "head")
    )
    fitted = prepare(graph, images, DataSettings()).fitted
    return Run("run-1", Project(graph=graph), parameters=draw_parameters(graph, 0), fitted=fitted)


def test_several_inputs_a_composite_and_two_classes(mixed, images, tmp_path):
    report = export(tmp_path / "m.onnx", mixed, images)
    boxes = [box.box for box in report.verification.boxes]
    assert {"picture", "size", "flat", "both", "head", "good"} <= set(boxes)
    assert any(box.startswith("block/") for box in boxes)
    assert "block" not in boxes
    model = OnnxPredictor((tmp_path / "m.onnx").read_bytes())
    assert set(model.inputs) == {"picture", "size"}
    raw = {"picture": images["picture"].values.astype(np.float32), "size": np.float32(images["size"].values)[:, None]}
    told = model.run(raw)
    assert told["good"].shape == told["good_label"].shape == (40, 1)
    assert np.array_equal(told["good_label"] == "yes", told["good"] > 0.5)


def test_a_box_inside_a_composite_is_named(mixed, images):
    project = mixed.project
    name = next(name for name in mixed.parameters if name.startswith("block/") and name.endswith(".weight"))
    spoilt = {**mixed.parameters, name: mixed.parameters[name] + np.float32(0.1)}
    model = build(project.graph, spoilt, mixed.fitted)
    chosen = samples(project.graph, images, project.data, mixed.fitted, limit=4)
    found = verify(model, project.graph, mixed.parameters, mixed.fitted, chosen.feeds, chosen.inputs)
    assert found.first_wrong.box == name.partition(".")[0]


def test_values_that_are_not_finite_never_agree():
    good, bad = np.zeros((2, 3), np.float32), np.full((2, 3), np.nan, np.float32)
    assert difference(good, good, 1.0) == 0
    assert difference(good, bad, 1.0) == difference(bad, bad, 1.0) == float("inf")
    assert difference(good, good[:1], 1.0) == float("inf")
    assert difference(good + 1000, good + 1001, 1000.0) == pytest.approx(1e-3)


def test_a_report_can_be_read_by_people_and_programs(run, dataset, tmp_path):
    report = export(tmp_path / "m.onnx", run, dataset)
    told = json.loads(report.to_json())
    assert told["verified"] is True
    assert {box["box"] for box in told["boxes"]} >= {"in", "first", "kind"}
    assert "| first | Dense |" in report.to_markdown()
    assert "<td>first</td>" in report.to_html()


def test_a_network_without_weights_can_be_exported(run, dataset, tmp_path):
    graph = Graph().add("in", Input(columns=("heat",), size=(1,))).add("bent", ReLU(), "in")
    graph = graph.add("yield", Output(target="yield", loss=MeanSquaredError()), "bent")
    fitted = prepare(graph, dataset, DataSettings()).fitted
    assert export(tmp_path / "m.onnx", Run("run-1", Project(graph=graph), fitted=fitted), dataset).verification.agrees


def test_what_cannot_be_exported_is_said(run, dataset, tmp_path):
    graph = run.project.graph
    for broken, text in (
        (graph.remove(["kind", "yield"]), "no Output"),
        (graph.disconnect("second", "x"), "not wired"),
    ):
        with pytest.raises(UserError, match=text):
            build(broken, run.parameters, run.fitted)
    with pytest.raises(UserError, match="no weights yet"):
        export(tmp_path / "m.onnx", Run("run-2", run.project), dataset)
    with pytest.raises(UserError, match="operator set"):
        build(graph, run.parameters, run.fitted, opset=9)
