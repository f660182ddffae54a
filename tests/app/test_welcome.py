import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from app.icons import drawing
from app.welcome import examples as welcome
from app.welcome.examples import examples
from engine.project.file import load, save
from engine.project.run import Saved

from .window_parts import FakeTrainer, make_window, small_project


@pytest.fixture
def resources(tmp_path, monkeypatch):
    folder = tmp_path / "examples"
    folder.mkdir()
    project = load(examples()[0].path).project
    for name in ("zoo", "digits", "penguins"):
        save(folder / f"{name}.netw", Saved(project))
    monkeypatch.setattr(welcome, "files", lambda package: tmp_path)
    return folder


def test_every_example_that_comes_with_the_program_opens():
    for example in examples():
        assert load(example.path).project.graph.nodes
        assert example.title
        assert example.sentence.endswith(".")


def test_every_example_has_a_drawing_from_its_own_data(tmp_path, qapp):
    script = Path(__file__).parents[2] / "packaging" / "make_pictures.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, stdout=subprocess.DEVNULL)
    for example in examples():
        file = example.path.with_suffix(".svg")
        assert file.read_text() == (tmp_path / file.name).read_text()
        assert not drawing(file).isNull()


def test_examples_are_listed_the_best_known_first(resources):
    assert [example.path.stem for example in examples()] == ["digits", "penguins", "zoo"]


def test_three_clicks_from_the_first_start_to_training(qtbot, tmp_path, resources, monkeypatch):
    session = FakeTrainer()
    monkeypatch.setattr("app.workbench.Trainer", lambda *parts: session)
    window = make_window(qtbot, tmp_path)
    with qtbot.waitSignal(window.document.opened):
        window.welcome.tiles[0].click()
    assert not window.on_welcome
    assert window.document.path is None  # an example is a copy: saving asks where
    qtbot.waitUntil(window.top.train.isEnabled)
    window.top.train.click()
    assert session.asked == ["start"]


def test_recent_files_are_offered_and_missing_ones_are_grey(qtbot, tmp_path):
    there = tmp_path / "there.netw"
    save(there, Saved(small_project()))
    window = make_window(qtbot, tmp_path, recent=[str(there), "/gone/away.netw"])
    lines = [b for b in window.welcome.findChildren(QPushButton) if b.property("link")]
    assert [line.isEnabled() for line in lines] == [True, False]
    with qtbot.waitSignal(window.document.opened):
        lines[0].click()
    assert window.document.path == there
