from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.npz import Npz
from engine.data.sources.sample import Sample
from engine.layer import Layer
from engine.problems import UserError
from engine.project.project import Project

from .small_trainings import WAIT, Bench, flower_project, flowers
from .window_parts import small_project


@pytest.fixture
def bench(qtbot):
    return Bench(qtbot)


@pytest.fixture
def table(tmp_path):
    return flowers(tmp_path / "flowers.csv")


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.npz"
    path.write_bytes(b"this is no archive")
    return path


def problems(bench):
    return [str(problem) for problem in bench.document.extra_problems]


def test_a_sample_wires_both_ends_in_one_undo_step(bench):
    bench.open(small_project())
    before = bench.document.project
    bench.data.choose(Sample(name="penguins"))
    assert bench.data.loading
    bench.ready()
    project = bench.document.project
    nodes = project.graph.nodes
    assert project.data.source == Sample(name="penguins")
    assert (nodes["output"].target, nodes["dense"].units) == ("species", 3)
    assert nodes["input"].size == (9,)
    assert "island" in nodes["input"].columns
    assert "species" not in nodes["input"].columns
    assert (bench.document.undo_stack.count(), bench.document.undo_stack.undoText()) == (1, "Use penguins")
    bench.document.undo()
    assert bench.document.project == before
    bench.ready()
    assert bench.data.read is None
    bench.document.redo()
    bench.ready()
    assert bench.data.read.source == Sample(name="penguins")
    assert not problems(bench)


def test_a_series_brings_its_window(bench):
    bench.open(small_project())
    bench.data.choose(Sample(name="sunspots"))
    bench.ready()
    assert (bench.document.project.data.window, bench.document.project.data.split) == (11, "last")
    assert bench.document.project.graph.nodes["input"].size == (11, 1)


def test_a_file_is_chosen_by_its_path(bench, table, monkeypatch):
    bench.open(small_project())
    monkeypatch.chdir(table.parent)
    bench.data.choose_path(table.relative_to(table.parent))
    bench.ready()
    assert bench.document.project.data.source == Csv(path=str(table))  # whole, so that it is found from anywhere
    assert bench.data.read.summary.rows == 120


@pytest.mark.parametrize(("name", "kind"), [("a.tsv", Csv), ("b.npz", Npz), ("folder", ImageFolder)])
def test_the_kind_of_source_follows_from_the_path(tmp_path, name, kind):
    from app.data_reading import source_at

    path = tmp_path / name
    path.mkdir() if kind is ImageFolder else path.touch()
    assert source_at(path) == kind(path=str(path))


def test_what_is_no_data_is_refused_in_a_sentence(bench, tmp_path):
    with pytest.raises(UserError, match=r"song\.mp3 is no data that can be read"):
        bench.data.choose_path(tmp_path / "song.mp3")


def test_what_is_about_to_be_read_counts_as_being_read(bench, table, broken):
    waiting = []
    bench.data.at_leisure = waiting.append
    bench.document.open(Project(data=DataSettings(source=Npz(path=str(broken)))))
    assert bench.data.loading
    bench.document.open(Project(data=DataSettings(source=Csv(path=str(table)))))
    bench.document.open(Project(data=DataSettings(source=Csv(path=str(table)))))
    for then in waiting:
        then()
    bench.ready()
    assert bench.data.read.source == Csv(path=str(table))
    assert not bench.data.error


def test_what_is_about_to_be_read_is_forgotten_with_its_project(bench, table):
    waiting = []
    bench.data.at_leisure = waiting.append
    bench.document.open(Project(data=DataSettings(source=Csv(path=str(table)))))
    bench.document.open(small_project())
    assert not bench.data.loading
    waiting.pop()()
    assert not bench.data.loading


def test_a_broken_file_is_a_sentence_and_a_problem(bench, broken):
    bench.open(small_project())
    bench.data.choose_path(broken)
    bench.ready()
    assert str(broken) in bench.data.refused
    assert any(str(broken) in problem for problem in problems(bench))
    assert bench.document.project.data.source is None
    bench.data.choose(Sample(name="penguins"))
    bench.ready()
    assert not bench.data.refused
    assert not problems(bench)


def test_a_broken_file_leaves_the_data_that_was_there(bench, broken, table):
    bench.open(flower_project(table))
    project = bench.document.project
    bench.data.choose_path(broken)
    assert bench.data.read is not None  # still there while the other is tried
    bench.ready()
    assert bench.data.refused
    assert bench.data.read.summary.rows == 120
    assert bench.document.project == project
    assert not problems(bench)


def test_a_missing_file_keeps_its_path_and_says_so(bench, table):
    table.rename(table.with_suffix(".gone"))
    bench.open(flower_project(table))
    assert bench.document.project.data.source == Csv(path=str(table))
    assert str(table) in bench.data.error
    assert any(str(table) in problem and "bring the file back" in problem for problem in problems(bench))
    table.with_suffix(".gone").rename(table)
    bench.data.again()
    bench.ready()
    assert not bench.data.error
    assert not problems(bench)


def test_data_that_changed_is_read_again(bench, table):
    bench.open(flower_project(table))
    flowers(table, rows=200)
    bench.data.again()
    bench.ready()
    assert bench.data.read.summary.rows == 200


def test_what_was_being_chosen_does_not_enter_another_project(bench, table):
    bench.open(small_project())
    bench.data.choose_path(table)
    bench.document.open(Project(notes="another"))
    bench.ready()
    assert bench.document.project == Project(notes="another")
    assert bench.data.read is None


def test_the_newest_choice_wins(bench, table):
    bench.open(small_project())
    bench.data.choose_path(table)
    bench.data.choose(Sample(name="penguins"))
    bench.ready()
    assert bench.document.project.data.source == Sample(name="penguins")
    assert bench.document.undo_stack.count() == 1


def test_columns_that_the_data_lacks_are_problems_of_the_box(bench, table):
    project = flower_project(table)
    graph = project.graph.add("in", Layer.registry["Input"](columns=("p", "colour"), size=(2,)))
    bench.open(project.with_(graph=graph))
    assert [problem.node for problem in bench.document.extra_problems] == ["in"]
    assert "colour" in problems(bench)[0]


def test_an_empty_canvas_has_no_problems_with_data(bench):
    bench.ready()
    assert not problems(bench)


def test_a_network_without_data_is_told_to_choose_some(bench):
    bench.open(small_project())
    assert problems(bench) == ["No data is chosen. Choose a file, a folder or one of the samples."]


def test_reading_never_blocks_the_window(bench, tmp_path, qtbot):
    path = tmp_path / "large.csv"
    line = ",".join(["1.25"] * 40)
    path.write_text("\n".join([",".join(f"c{i}" for i in range(40)), *[line] * 40_000]) + "\n")
    ticks = []
    timer = QTimer(interval=1)
    timer.timeout.connect(lambda: ticks.append(bench.data.loading))
    timer.start()
    bench.document.open(Project(data=DataSettings(source=Csv(path=str(path)))))
    qtbot.waitUntil(lambda: bench.data.read is not None, timeout=WAIT)
    timer.stop()
    assert bench.data.read.summary.rows == 40_000
    assert sum(ticks) > 5  # none would fire if the window's thread read the file


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("t.XLSX", "workbook"),
        ("cat.jpg", "one picture"),
        ("all.zip", "Unpack"),
        ("m.onnx", "a model"),
        ("x.npy", "savez"),
    ],
)
def test_what_is_no_data_is_told_what_to_do_instead(name, says):
    from app.data_reading import source_at

    with pytest.raises(UserError, match=says):
        source_at(Path("/somewhere") / name)
