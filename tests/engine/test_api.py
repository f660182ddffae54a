"""The Python API: the commands by the same names, with values instead of lines; and the example projects."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import answers, api
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.npz import Npz
from engine.data.sources.sample import Sample
from engine.export.onnx import METADATA
from engine.export.session import OnnxPredictor
from engine.problems import UserError
from engine.process.messages import Progress, Ready
from engine.process.result import offer
from engine.project.file import load, save
from engine.project.run import Saved
from engine.training.store import checkpoint_folder

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "resources" / "examples").glob("*.netw"))


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_opens_learns_and_is_exported(example, place):
    assert example.stat().st_size < 50_000
    assert api.runs(example) == ()
    file = place / example.name
    file.write_bytes(example.read_bytes())
    assert api.check(file) == []
    assert load(file).project.notes
    run = api.train(file, epochs=1, batch=128)
    assert run.status == "done"
    report = api.export(file, place / "model.onnx")
    assert report.verification.agrees
    assert report.verification.largest < 1e-5
    assert report.about["run"] == "run-1"


def test_there_are_four_examples_made_from_samples():
    assert [path.stem for path in EXAMPLES] == ["digits", "names", "penguins", "sunspots"]
    assert all(isinstance(load(path).project.data.source, Sample) for path in EXAMPLES)


def test_the_examples_are_what_their_script_makes(place):
    subprocess.run(
        [sys.executable, ROOT / "packaging" / "make_examples.py", place / "made"], check=True, stdout=subprocess.DEVNULL
    )
    assert {path.name for path in (place / "made").iterdir()} == {path.name for path in EXAMPLES}
    for path in EXAMPLES:
        assert load(place / "made" / path.name).project == load(path).project


def test_a_notebook_says_what_the_commands_say():
    project = api.new("p.netw", template="mlp", data="penguins")
    assert load("p.netw").project == project
    heard = []
    run = api.train("p.netw", epochs=2, seed=5, rate=0.01, batch=16, on_event=heard.append)
    assert {type(message) for message in heard} >= {Ready, Progress}
    settings = run.project.training
    assert (settings.epochs, settings.seed, settings.rate, settings.batch) == (2, 5, 0.01, 16)
    assert load("p.netw").project == project  # what was given holds for the run only
    assert api.runs("p.netw")[0].id == run.id == "run-1"
    found = api.evaluate("p.netw")
    assert found.part == "validation"
    assert found.loss == pytest.approx(run.history.epochs[run.best_epoch - 1].validation_loss, rel=1e-5)
    every = api.evaluate("p.netw", data="penguins")
    assert (every.part, every.samples) == ("all", 344)
    assert api.digest("p.netw")[0].startswith("document ")
    assert api.layers()["Dense"]
    assert "adam" in [name.lower() for name in api.families()["optimizers"]]


def test_a_data_set_is_answered_by_the_exported_model():
    api.new("p.netw", data="auto_mpg")
    api.train("p.netw", epochs=3)
    rows = Sample(name="auto_mpg").read().take(np.arange(5))
    told = api.predict("p.netw", rows)
    assert [list(sample) for sample in told] == [["output"]] * 5
    values = np.array([sample["output"].values[0] for sample in told])
    assert 5 < values.min() < values.max() < 50
    one = api.predict("p.netw", ["8,307,130,3504,12,70,1"])
    assert one[0]["output"].values[0] == pytest.approx(values[0], rel=1e-4)


def test_a_series_is_answered_for_the_step_after_it():
    api.new("s.netw", template="lstm", data="sunspots")
    api.train("s.netw", epochs=1)
    spots = Sample(name="sunspots").read()["SUNACTIVITY"].values
    one = api.predict("s.netw", [",".join(f"{value:g}" for value in spots[-11:])])
    assert len(one) == 1
    every = api.predict("s.netw", Sample(name="sunspots").read())
    assert every[-1]["output"].values == pytest.approx(one[0]["output"].values)
    assert len(every) == len(spots) - 10
    with pytest.raises(UserError, match="too few for a window"):
        api.predict("s.netw", ["1,2,3"])


def test_pictures_are_brought_to_what_the_network_takes(place):
    rng = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 150)):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(least, least + 100, (12, 12), np.uint8)
            Image.fromarray(pixels).save(place / "pictures" / name / f"{number}.png")
    api.new("i.netw", template="cnn", data="pictures")
    api.train("i.netw", epochs=12, batch=4, seed=0)
    Image.fromarray(np.full((30, 20, 3), 230, np.uint8)).save("light.jpg")
    Image.fromarray(np.full((12, 12), 10, np.uint8)).save("dark.png")
    told = api.predict("i.netw", ["light.jpg", "dark.png"])
    assert [sample["output"].text for sample in told] == ["light", "dark"]
    with pytest.raises(UserError, match=r"nowhere\.png"):
        api.predict("i.netw", ["nowhere.png"])


def test_new_pictures_are_read_as_those_that_were_learnt_from(place):
    rng = np.random.default_rng(0)
    for name in ("left", "right"):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 40, (12, 24), np.uint8)
            pixels[:, slice(0, 4) if name == "left" else slice(20, 24)] += 200  # at the very edge, which a crop loses
            Image.fromarray(pixels).save(place / "pictures" / name / f"{name}{number}.png")
    project = api.new("i.netw", template="cnn", data="pictures")
    source = project.data.source.with_(height=12, width=12)
    graph = project.graph.add("image", project.graph.nodes["image"].with_(size=(1, 12, 12)))
    save("i.netw", Saved(project.with_(graph=graph, data=project.data.with_(source=source))))
    run = api.train("i.netw", epochs=1, batch=4, seed=0)
    own = source.read()
    for folder, wanted in (("pictures/left", own.take(np.arange(12))), ("pictures", own)):
        given = answers.given(run, [folder])
        ours = given["image"].values[np.argsort(given["file"].values)]
        names = [name.split("/")[1] for name in wanted["file"].values]
        np.testing.assert_array_equal(ours, wanted["image"].values[np.argsort(names)])
    api.predict("i.netw", ["pictures"], out="told.csv")
    assert Path("told.csv").read_text().splitlines()[1].startswith("left0.png,")


def test_what_comes_after_a_series_has_a_line_of_its_own():
    api.new("s.netw", template="lstm", data="sunspots")
    api.train("s.netw", epochs=1)
    spots = Sample(name="sunspots").read()
    told = api.predict("s.netw", spots, out="told.csv")
    lines = Path("told.csv").read_text().splitlines()
    assert lines[0] == "YEAR,SUNACTIVITY,predicted_SUNACTIVITY"
    assert lines[1].startswith(",".join(column.texts()[11] for column in spots.columns))
    assert lines[-1] == f",,{told[-1]['output'].values[0]:.9g}"
    assert len(lines) == 1 + len(told)


def test_a_picture_becomes_the_pixels_of_a_table():
    api.new("d.netw", template="cnn", data="digits8x8")
    run = api.train("d.netw", epochs=1)
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save("white.png")
    dataset = answers.given(run, ["white.png"])
    assert dataset.names[0] == "file"
    assert [float(column.values[0]) for column in dataset.columns[1:]] == [16.0] * 64
    assert api.predict("d.netw", ["white.png"])[0]["output"].text in set("0123456789")


def test_texts_are_answered_as_they_are():
    api.new("n.netw", template="lstm", data="first_names")
    api.train("n.netw", epochs=1, batch=512)
    told = api.predict("n.netw", ["Anna", "Robert, the second"])
    assert len(told) == 2
    assert dict(told[0]["output"].probabilities).keys() == {"female", "male"}
    api.export("n.netw", "n.onnx")
    model = OnnxPredictor(Path("n.onnx").read_bytes())
    assert model.about["inputs"]["text"]["vocabulary"]
    assert model.about["inputs"]["text"]["numbers"] == {"padding": 0, "unknown": 1, "vocabulary from": 2}
    assert METADATA == "netwright"


def test_a_source_is_known_by_its_name(place):
    (place / "folder").mkdir()
    (place / "x.npz").write_bytes(b"")
    (place / "x.csv").write_text("a\n1\n")
    assert answers.source_of("penguins") == Sample(name="penguins")
    assert isinstance(answers.source_of("folder"), ImageFolder)
    assert isinstance(answers.source_of("x.npz"), Npz)
    like = Csv(path="old.csv", categories=("a",))
    assert answers.source_of("x.csv", like) == like.with_(path=str((place / "x.csv").resolve()))
    with pytest.raises(UserError, match="no file, folder or sample named y"):
        answers.source_of("y.csv")


def test_what_cannot_be_evaluated_is_said(place):
    api.new("p.netw", data="penguins")
    api.train("p.netw", epochs=1)
    rows = "island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex\nTorgersen,39.1,18.7,181,3750,MALE\n"
    Path("rows.csv").write_text(rows)
    with pytest.raises(UserError, match="species"):
        api.evaluate("p.netw", data="rows.csv")
    Path("other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="no column"):
        api.evaluate("p.netw", data="other.csv")


def test_a_project_whose_data_is_gone_says_so(place):
    Path("t.csv").write_text("a,b,y\n" + "".join(f"{i},{i * i % 7},{i % 3}\n" for i in range(60)))
    api.new("p.netw", data="t.csv", target="y")
    api.train("p.netw", epochs=1)
    Path("t.csv").unlink()
    assert "t.csv" in api.check("p.netw")[0]
    for work in (lambda: api.train("p.netw", epochs=1), lambda: api.export("p.netw", "p.onnx")):
        with pytest.raises(UserError, match=r"t\.csv"):
            work()
    assert api.predict("p.netw", ["1,2"])  # the run has all that it needs
    assert not Path("p.onnx").exists()


def test_data_that_came_with_arrays_of_its_own_is_evaluated(place):
    """New rows may lack the classes that the run knows, and hold others."""
    api.new("p.netw", data="penguins")
    run = api.train("p.netw", epochs=2)
    dataset = Sample(name="penguins").read()
    target = dataset["species"].values.copy()
    target[:5] = "Emperor"
    columns = [c if c.name != "species" else Column("species", "category", target) for c in dataset.columns]
    found = answers.evaluate(run, Dataset(tuple(columns)))
    assert found.samples == 339


def test_what_cannot_be_trained_is_said_before_a_process_is_started(place, monkeypatch):
    monkeypatch.setattr("engine.process.headless.run_headless", lambda *_, **__: pytest.fail("started"))
    project = api.new("p.netw", data="penguins")
    with pytest.raises(UserError, match="at least 1"):
        api.train("p.netw", batch=0)
    with pytest.raises(UserError, match="no checkpoint to resume from"):
        api.train("p.netw", resume=True)
    with pytest.raises(UserError, match="Only a folder of pictures can be read without those that are broken"):
        api.train("p.netw", leave_out_broken=True)
    save("p.netw", Saved(project.with_(graph=project.graph.remove([next(iter(project.graph.nodes))]))))
    with pytest.raises(UserError, match=r"not there|not wired"):
        api.train("p.netw")
    save("p.netw", Saved(project.with_(data=DataSettings())))
    assert api.check("p.netw") == ["No data is chosen. Choose a file, a folder or one of the samples."]
    assert api.check(place / "p.netw") == api.check("p.netw")


def test_a_run_needs_its_network_to_go_on_and_data_to_be_verified(place):
    saved = load(ROOT / "tests" / "files" / "format_1.netw")
    file, run = place / "p.netw", saved.runs[0]
    save(file, Saved(saved.project.with_(notes="other"), saved.runs))
    assert saved.project.data.source is None
    with pytest.raises(UserError, match="no data to verify the model with"):
        api.export(file, "p.onnx", run=run.id)
    with pytest.raises(UserError, match="has no run run-9"):
        api.export(file, "p.onnx", run="run-9")
    offer(run, checkpoint_folder(str(file.resolve())))
    save(file, Saved(saved.project.with_(graph=saved.project.graph.remove(["relu"])), saved.runs))
    with pytest.raises(UserError, match="The network or its data has changed since the last checkpoint"):
        api.train(file, resume=True)


def test_the_latest_run_that_has_not_failed_speaks_for_a_project(place):
    saved = load(ROOT / "tests" / "files" / "format_1.netw")
    first = saved.runs[0].with_(fitted={"out": {}})

    def latest(*status):
        runs = (first.with_(id=f"run-{number}", status=word) for number, word in enumerate(status, 1))
        save("p.netw", Saved(saved.project, tuple(runs)))
        return api.run_of("p.netw").id

    assert latest("done", "stopped", "failed") == "run-2"
    assert latest("failed", "failed") == "run-2"
    with pytest.raises(UserError, match=r"has no run yet\. Train it first"):
        latest()


def test_words_that_a_run_has_not_learnt_are_noted(tmp_path):
    table, project, notes = tmp_path / "t.csv", tmp_path / "t.netw", []
    rows = [
        f"the {who} {does} with {n} friends,{does}"
        for who in ("cats", "dogs", "mice")
        for does in ("eat", "rest")
        for n in range(9)
    ]
    table.write_text("\n".join(["sentence,label", *rows]))
    api.new(project, template="lstm", data=str(table))
    api.train(project, epochs=1)
    api.predict(project, ["the cats eat"], on_note=notes.append)
    assert not notes
    api.predict(project, ["the cats ✗✓ eat"], on_note=notes.append)
    assert notes.pop(0).startswith("text does not know “✗”, “✓”. ")
    api.predict(project, ["the cats eat " * 9], on_note=notes.append)
    assert "what follows" in notes[-1]
    api.predict(project, ["the cats eat " * 9, "the dogs rest"], on_note=notes.append)
    assert notes[-1].endswith("is left out in 1 of 2 texts.")
