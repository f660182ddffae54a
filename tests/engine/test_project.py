"""A project as plain values, and the boxes that this program cannot read."""

import pickle
import random
from pathlib import Path

import pytest

from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.npz import Npz
from engine.graph import Graph, Port
from engine.infer import infer
from engine.layer import Layer, ShapeError
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.missing import Missing
from engine.problems import UserError
from engine.project.encoding import document_digest, from_dict, project_bytes, to_dict
from engine.project.file import load
from engine.project.names import name_from, name_problem
from engine.project.project import Project
from engine.project.strict_json import JsonError, check, dump
from engine.project.strict_json import load as load_json

GOLDEN = Path(__file__).parents[1] / "files" / "format_1.netw"


@pytest.fixture(scope="module")
def project():
    return load(GOLDEN).project


@pytest.mark.parametrize("layer", Layer.registry.values(), ids=Layer.registry)
def test_every_layer_comes_back_as_it_was(layer):
    for example in layer.examples():
        project = Project(Graph({"box": example.layer}), {"box": (1, 2)})
        again = from_dict(load_json(project_bytes(project)))
        assert again == project
        assert project_bytes(again) == project_bytes(project)


def test_order_of_boxes_and_wires_is_kept(project):
    again = from_dict(load_json(project_bytes(project)))
    assert list(again.graph.nodes) == list(project.graph.nodes)
    assert list(again.graph.wires) == list(project.graph.wires)
    assert pickle.loads(pickle.dumps(again)) == project


@pytest.mark.parametrize("name", ["a.b", "a/b", "", "y", "a b", "ü", "\ud800", "a.y", '"', "box.x"])
def test_any_name_comes_back(name):
    graph = Graph().add("input", Input()).add(name, Dense(), Port("input", "a.b"))
    project = Project(graph, {name: (0.1, -1e300)}, notes=name)
    assert from_dict(load_json(project_bytes(project))) == project


def test_an_unknown_layer_is_kept_and_reported(project):
    box = project.graph.nodes["from elsewhere"]
    assert isinstance(box, Missing)
    assert box.ports() == ("left",)
    assert (box.kind, box.summary()) == ("Wavelet", "Wavelet is missing")
    assert box.to_dict() == {"type": "Wavelet", "levels": [3, 4], "nested": {"type": "Haar"}}
    (problem,) = (p for p in infer(project.graph).problems if p.node == "from elsewhere")
    assert "There is no Layer named 'Wavelet'. It is kept as it is" in problem.what
    with pytest.raises(ShapeError, match="cannot be used here"):
        box.shape((3,))
    assert "Missing" not in Layer.registry
    assert pickle.loads(pickle.dumps(box)) == box
    assert hash(box) == hash(Missing.of(box.to_dict(), box.why, box.ports()))


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "Dense", "unit": 3},
        {"type": "Dense", "units": "3"},
        {"type": "Dense", "initializer": {"type": "Magic"}},
        {"units": 3},
        {"type": ["Dense"]},
        {},
        {"type": "Layer"},
        {"type": "Missing"},
    ],
)
def test_what_a_layer_does_not_take_is_kept_and_the_rest_loads(raw):
    values = to_dict(Project(Graph().add("input", Input()).add("dense", Dense(), "input")))
    values["boxes"][1]["layer"] = raw
    project = from_dict(values)
    assert isinstance(project.graph.nodes["dense"], Missing)
    assert project.graph.nodes["input"] == Input()
    assert project.graph.sources("dense") == {"x": Port("input")}
    assert to_dict(project) == values
    assert any(problem.node == "dense" for problem in infer(project.graph).problems)


def test_a_value_outside_its_range_loads_and_is_reported():
    values = to_dict(Project(Graph().add("dense", Dense())))
    values["boxes"][0]["layer"]["units"] = 0
    graph = from_dict(values).graph
    assert graph.nodes["dense"] == Dense(units=0)
    assert any("must be at least 1" in problem.what for problem in infer(graph).problems)


@pytest.mark.parametrize(
    "wire", [["input", "state", "dense", "x"], ["gone", "y", "dense", "x"], ["input", "y", "dense", "z"]]
)
def test_wires_to_what_is_not_there_are_kept_and_reported(wire):
    values = to_dict(Project(Graph().add("input", Input()).add("dense", Dense())))
    values["wires"] = [wire]
    project = from_dict(values)
    assert to_dict(project) == values
    assert any("not" in problem.what for problem in infer(project.graph).problems)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda v: v.pop("wires"), "missing required field `wires`"),
        (lambda v: v.update(more=1), "unknown field `more`"),
        (lambda v: v["boxes"].append(v["boxes"][0]), "two of its boxes have the same name"),
        (lambda v: v["wires"].append(v["wires"][0]), "two of its wires end at"),
        (lambda v: v["data"].update(type="Other"), "its DataSettings are described as 'Other'"),
        (lambda v: v["training"].update(optimizer={"type": "Magic"}), "There is no Optimizer named 'Magic'"),
        (lambda v: v["boxes"][0].update(place=[1]), "Expected `array` of length 2"),
    ],
)
def test_what_is_no_project_is_refused_in_a_sentence(project, change, sentence):
    values = load_json(project_bytes(project))
    change(values)
    with pytest.raises(UserError, match=sentence):
        from_dict(values)


JUNK = [
    None,
    True,
    -1,
    0,
    2**63,
    1e308,
    "",
    "x",
    "\0",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    "A" * 9999,
    {"type": "Dense"},
    [0] * 99,
]


def _places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*path, key))


def test_junk_in_any_place_is_refused_or_loads_and_can_be_saved_again(project):
    draw = random.Random(1)
    original = to_dict(project)
    for path in list(_places(original)):
        for junk in draw.sample(JUNK, 6):
            values = load_json(dump(original)) if path else junk
            inner = values
            for key in path[:-1]:
                inner = inner[key]
            if path:
                inner[path[-1]] = junk
            try:
                found = from_dict(values)
            except UserError:
                continue
            infer(found.graph)
            assert from_dict(load_json(project_bytes(found))) == found


def test_the_digest_does_not_know_folders(project):
    def digest(source):
        return document_digest(project.with_(data=project.data.with_(source=source)))

    for kind in (Csv, Npz, ImageFolder):
        one, same, other = (kind(path=path) for path in ("/home/ann/data/x.1", "C:\\bob\\x.1", "/home/ann/data/x.2"))
        assert digest(one) == digest(same)
        assert digest(one) != digest(other)
    assert digest(ImageFolder(path="/a/birds/")) == digest(ImageFolder(path="birds"))
    assert digest(Csv(path="x", missing=("a/b",))) != digest(Csv(path="x", missing=("b",)))
    assert document_digest(project) != document_digest(project.with_(notes="other"))


def test_json_is_sorted_and_replaces_what_json_does_not_have():
    assert (
        dump({"b": [float("nan"), {"x": float("inf")}, (1,)], "a": 0.1}, None)
        == b'{"a": 0.1, "b": [null, {"x": null}, [1]]}'
    )
    assert load_json(dump("owl \ud800 🦉")) == "owl \ud800 🦉"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', "names 'a' twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e999]", "too large"),
        (b"[1" + b"0" * 400 + b"]", "too large"),
        (b"[1" + b"0" * 9999 + b"]", "not valid JSON"),
        (b"[" * 66 + b"]" * 66, "more than 64 deep"),
        (b"[" * 200_000, "more than 64 deep|not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"", "not valid JSON"),
    ],
)
def test_json_that_is_not_strict_is_refused(text, why):
    with pytest.raises(JsonError, match=why):
        load_json(text)


def test_json_may_be_64_deep_and_hold_the_state_of_a_generator():
    check(load_json(b"[" * 64 + b"%d" % 2**128 + b"]" * 64))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "at least one"),
        (" ", "at least one"),
        ("a ", "space"),
        ("a.b", "dot"),
        ("a/b", "slash"),
        ("a\n", "space"),
        ("a\nb", "invisible"),
        ("x" * 81, "at most 80"),
        ("input", "already"),
    ],
)
def test_a_bad_name_is_refused_in_a_sentence(name, why):
    problem = name_problem(Graph().add("input", Input()), name)
    assert problem is not None
    assert why in problem
    assert name == "input" or name_problem(Graph(), name_from(name)) is None


def test_a_good_name_is_accepted():
    graph = Graph().add("input", Input())
    assert name_problem(graph, "Eingang 2") is None
    assert name_problem(graph, "input", old="input") is None
    assert name_from("conv 3/4.a") == "conv 3_4_a"
