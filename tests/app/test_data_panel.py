import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QFileDialog, QWidget

from app import appearance
from app.data.columns import facts
from app.data.panel import DataPanel
from app.edits import apply_fix
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.sample import Sample
from engine.data.summary import summarise_column
from engine.layers.output import Output

from .small_trainings import Bench, flower_project, flowers
from .window_parts import small_project


@pytest.fixture
def table(tmp_path):
    return flowers(tmp_path / "flowers.csv")


@pytest.fixture
def bench(qtbot):
    return Bench(qtbot, small_project())


@pytest.fixture
def panel(qtbot, bench):
    panel = DataPanel(bench.document, bench.data)
    qtbot.addWidget(panel)
    panel.resize(1200, 420)
    panel.show()
    return panel


def pick(panel, bench, name):
    index = panel.chooser.samples.findData(name)
    panel.chooser.samples.setCurrentIndex(index)
    panel.chooser.samples.activated.emit(index)
    bench.ready()


def test_it_says_what_to_do_while_there_is_no_data(panel):
    assert panel.title.text() == "No data"
    assert panel.facts.text() == "Choose a sample, a file or a folder."
    assert panel.preview.rows.rowCount() == 0


def test_a_sample_is_chosen_and_shown(panel, bench):
    pick(panel, bench, "penguins")
    assert panel.title.text() == "penguins"
    assert panel.facts.text().startswith("344 rows · 7 columns")
    assert panel.preview.rows.rowCount() == 344
    assert panel.columns.count() == 7
    assert panel.columns.item(0).text().startswith("species, category · 3 different")
    assert panel.chooser.samples.currentData() == "penguins"
    assert panel.target.currentText() == "species"
    bench.document.undo()
    bench.ready()
    assert panel.title.text() == "No data"
    assert panel.chooser.samples.currentIndex() == 0


def test_reading_is_said(panel, bench):
    bench.data.choose(Sample(name="penguins"))
    assert panel.facts.text() == "Reading…"
    bench.ready()
    assert "Reading" not in panel.facts.text()


def test_a_file_is_asked_for(panel, bench, table, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    panel.chooser.ask_file()
    bench.ready()
    assert bench.document.project.data.source == Csv(path=str(table))
    assert panel.title.text() == "flowers.csv"
    assert panel.title.toolTip() == str(table)


def test_a_file_that_is_no_data_is_told_in_the_panel(panel, bench, tmp_path, monkeypatch):
    for name, text in (("broken.npz", b"no archive"), ("song.mp3", b"la")):
        path = tmp_path / name
        path.write_bytes(text)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, path=path: (str(path), ""))
        panel.chooser.ask_file()
        bench.ready()
        assert name in panel.trouble.text()
        assert panel.trouble.isVisibleTo(panel)


def test_a_missing_file_is_told_and_can_be_read_again(panel, bench, table):
    away = table.rename(table.with_suffix(".away"))
    bench.open(flower_project(table))
    assert panel.title.text() == "flowers.csv"
    assert str(table) in panel.trouble.text()
    away.rename(table)
    panel.again.click()
    bench.ready()
    assert not panel.trouble.isVisibleTo(panel)
    assert panel.facts.text().startswith("120 rows")


def test_broken_pictures_are_left_out_with_one_click(panel, bench, tmp_path):
    folder = pictures(tmp_path / "pictures", broken=(3,))
    bench.open(small_project())
    bench.data.choose_path(folder)
    bench.ready()
    assert "is broken" in panel.trouble.text()
    assert panel.mend.isVisibleTo(panel)
    assert panel.mend.text() == "Leave it out"
    panel.mend.click()
    bench.ready()
    assert not panel.mend.isVisibleTo(panel)
    assert bench.document.project.data.source == ImageFolder(path=str(folder), broken="leave out")
    assert "1 of 8 pictures is broken and was left out: b/3.png." in panel.facts.text()
    assert bench.document.undo_stack.count() == 1


def test_pictures_of_the_project_that_broke_are_left_out_in_one_undo_step(panel, bench, tmp_path):
    folder = pictures(tmp_path / "pictures", broken=(2, 3))
    bench.open(small_project().with_(data=DataSettings(source=ImageFolder(path=str(folder)))))
    (problem,) = (problem for problem in bench.document.extra_problems if problem.fixes)
    assert "2 of 8 pictures" in problem.what
    before = bench.document.project
    bench.document.edit("Mend", apply_fix(problem, problem.fixes[0]))
    assert bench.document.project.data.source == ImageFolder(path=str(folder), broken="leave out")
    bench.document.undo()
    bench.ready()
    assert bench.document.project == before
    panel.mend.click()
    bench.ready()
    assert bench.document.project.data.source == ImageFolder(path=str(folder), broken="leave out")
    assert bench.data.read.summary.rows == 6


def pictures(folder, broken):
    for number in range(8):
        path = folder / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture") if number in broken else Image.new("L", (4, 4), number).save(path)
    return folder


def test_another_target_is_one_undo_step(panel, bench, table):
    bench.open(flower_project(table))
    before = bench.document.project
    panel.target.setCurrentText("q")
    panel.target.activated.emit(panel.target.currentIndex())
    nodes = bench.document.project.graph.nodes
    assert nodes["out"].target == "q"
    assert nodes["out"].loss.target == "value"
    assert nodes["head"].units == 1
    assert set(nodes["in"].columns) == {"p", "r", "s", "kind"}
    assert bench.document.undo_stack.undoText() == "Predict q"
    bench.document.undo()
    assert bench.document.project == before
    assert panel.target.currentText() == "kind"


def test_settings_are_edited_and_merged(panel, bench, table):
    bench.open(flower_project(table))
    for share in (0.3, 0.4):
        panel.form.editor("validation").box.setValue(share)
    assert bench.document.project.data.validation == 0.4
    assert bench.document.undo_stack.count() == 1
    assert "source" not in panel.form.rows


def test_how_a_table_is_read_can_be_changed(panel, bench, table):
    bench.open(flower_project(table))
    assert set(panel.reading.form.rows) >= {"delimiter", "header"}
    assert "path" not in panel.reading.form.rows
    editor = panel.reading.form.editor("header")
    editor.box.setCurrentIndex(editor.box.findData("no"))
    editor.box.activated.emit(editor.box.currentIndex())
    bench.ready()
    assert bench.document.project.data.source == Csv(path=str(table), header="no")
    assert bench.data.read.summary.rows == 121
    bench.data.choose(Sample(name="penguins"))
    bench.ready()
    assert not panel.reading.isVisibleTo(panel)


def test_a_wrong_setting_is_told_below_it(panel, bench):
    bench.document.edit("Wrong", lambda p: p.with_(data=p.data.with_(validation=0.95)))
    sentence = panel.form.rows["validation"]._problem
    assert sentence.text()
    assert not sentence.isHidden()


def test_a_column_is_brought_into_sight(panel, bench):
    pick(panel, bench, "digits8x8")
    panel.columns.itemClicked.emit(panel.columns.item(60))
    name = panel.columns.item(60).text().split(",")[0]
    [chosen] = {index.column() for index in panel.preview.selectedIndexes()}
    assert panel.preview.rows.headerData(chosen, Qt.Orientation.Horizontal) == name


def test_pictures_are_shown_as_pictures(panel, bench):
    pick(panel, bench, "fashion5k")
    rows = panel.preview.rows
    place = [column.name for column in rows.dataset.columns].index("image")
    picture = rows.data(rows.index(3, place), Qt.ItemDataRole.DecorationRole)
    assert (picture.width(), picture.height()) == (44, 44)
    assert rows.data(rows.index(3, place)) is None


def test_columns_are_as_wide_as_their_texts(panel, bench):
    pick(panel, bench, "tweet_sentiment")
    names = [column.name for column in panel.preview.rows.dataset.columns]
    assert panel.preview.columnWidth(names.index("text")) >= 250


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("width", [700, 1200])
def test_it_is_drawn_narrow_and_wide_in_both_themes(panel, bench, choice, width):
    appearance.apply(choice)
    pick(panel, bench, "penguins")
    panel.resize(width, 420)
    picture = panel.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(0, width, 7) for y in range(0, 420, 7)}
    assert len(colours) > 8


def test_everything_has_a_name_for_readers(panel, bench, table):
    bench.open(flower_project(table))
    for widget in panel.findChildren(QWidget):
        scrolled = isinstance(widget, QAbstractScrollArea) or isinstance(widget.parent(), QAbstractScrollArea)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(panel) and not scrolled:
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget
    assert panel.preview.accessibleName()
    assert panel.columns.accessibleName()


def test_what_is_missing_is_said_before_what_may_be_cut_off():
    values = np.array([1.0, np.nan, 3.25, 4.5])
    assert facts(summarise_column(Column("size", "number", values))).startswith("number · 1 missing · ")


def test_a_long_name_over_a_column_begins_with_its_beginning(panel):
    values = np.arange(3.0)
    panel.preview.show_dataset(Dataset((Column("size " * 40, "number", values), Column("b", "number", values))))
    header = panel.preview.horizontalHeader()
    assert header.textElideMode() == Qt.TextElideMode.ElideRight
    assert panel.preview.model().headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) == "size " * 40


def test_windows_are_checked_with_the_last_rows_and_a_person_hears_why(panel, bench, table):
    bench.open(flower_project(table))
    assert bench.document.project.data.split == "stratified"
    panel.form.edited.emit("window", 5)
    assert (bench.document.project.data.window, bench.document.project.data.split) == (5, "last")
    assert "Windows overlap" not in panel.facts.text()
    panel.form.edited.emit("split", "random")
    assert "Windows overlap, so validation samples share rows with training samples." in panel.facts.text()
    panel.form.edited.emit("window", 6)
    assert bench.document.project.data.split == "random"  # it was chosen
    for _ in range(3):
        bench.document.undo()
    assert (bench.document.project.data.window, bench.document.project.data.split) == (0, "stratified")


def test_rare_classes_are_told_of_and_balanced_by_one_click(panel, bench, tmp_path):
    path = tmp_path / "rare.csv"
    path.write_text("x,ill\n" + "".join(f"{n},{'yes' if n % 10 == 0 else 'no'}\n" for n in range(200)))
    bench.data.choose_path(path)
    bench.ready()
    assert "ill is yes in only 20 of 200 rows: always saying no has an accuracy of 90.0 %" in panel.facts.text()
    assert panel.balance.isVisible()
    panel.balance.click()
    (output,) = [layer for layer in bench.document.project.graph.nodes.values() if isinstance(layer, Output)]
    assert output.loss.class_weights == (0.5556, 5.0)
    assert "accuracy" not in panel.facts.text()
    assert panel.balance.text() == "Count all samples alike"
    panel.balance.click()
    (output,) = [layer for layer in bench.document.project.graph.nodes.values() if isinstance(layer, Output)]
    assert output.loss.class_weights == ()
    bench.document.undo_stack.undo()
    assert panel.balance.text() == "Count all samples alike"


def test_even_classes_need_no_balance(panel, bench):
    pick(panel, bench, "penguins")
    assert not panel.balance.isVisible()
