import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFileDialog, QLabel, QWidget

from app import tasks
from app.trying.asker import OTHER, Asker
from app.trying.panel import EMPTY, TryPanel
from app.trying.strangers import strangers
from app.trying.trial import Trial
from engine.data.prepare import decode, prepare
from engine.data.sources.csv import Csv
from engine.data.sources.sample import Sample
from engine.plan.predict import Predictor
from engine.templates import start

from .small_trainings import WAIT, Bench, example, flower_project, flowers, learn, text_project

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("try")


@pytest.fixture(scope="module")
def table_run(place):
    return learn(flower_project(flowers(place / "flowers.csv"), epochs=20))


@pytest.fixture(scope="module")
def digits_run(place):
    return learn(example("digits"))


@pytest.fixture(scope="module")
def series_run(place):
    return learn(example("sunspots"))


@pytest.fixture(scope="module")
def text_run(place):
    return learn(text_project(place / "words.csv"))


@pytest.fixture
def bench(qtbot):
    return Bench(qtbot)


@pytest.fixture
def panel(qtbot, bench):
    panel = TryPanel()
    qtbot.addWidget(panel)
    panel.resize(1100, 420)
    panel.show()
    panel.asker = Asker(panel, bench.document, bench.data)
    yield panel
    qtbot.waitUntil(lambda: not tasks._running, timeout=WAIT)


def show(panel, bench, *runs):
    bench.document.open(runs[-1].project, None, runs)
    bench.ready()
    bench.qtbot.waitUntil(lambda: panel.trial is not None, timeout=WAIT)
    answered(panel, bench)


def answered(panel, bench):
    asker = panel.asker
    bench.qtbot.waitUntil(lambda: asker._task is None and asker._question is None, timeout=WAIT)


def texts(panel):
    return {node: (said.text(), known.text(), bars.rows) for node, (said, known, bars) in panel.answers.blocks.items()}


@pytest.mark.parametrize("name", ["table_run", "digits_run", "series_run", "text_run"])
def test_answers_are_those_of_the_engine(request, name):
    run = request.getfixturevalue(name)
    project, dataset = run.project, run.project.data.source.read()
    trial, prepared = Trial(run, dataset), prepare(project.graph, dataset, project.data)
    rows = prepared.validation[:8]
    ours = Predictor(project.graph, run.parameters).answers({n: x[rows] for n, x in prepared.inputs.items()})
    assert len(trial) == len(prepared.validation)
    for place, row in enumerate(rows):
        sample = trial.sample(place)
        assert sample.row == prepared.rows[row] + 1
        for node, answer in trial.answer(sample.feeds).items():
            expected = decode(trial.outputs[node], run.fitted[node], ours[node][place : place + 1])[0]
            np.testing.assert_allclose(answer.values, expected.values, rtol=1e-3)
            for (mine, share), (theirs, other) in zip(answer.probabilities, expected.probabilities, strict=True):
                assert mine == theirs
                assert share == pytest.approx(other, abs=1e-4)


def test_it_says_what_to_do_before_there_is_a_run(panel, bench, table_run):
    assert panel.note.text() == EMPTY
    bench.open(table_run.project)
    assert panel.pages.currentIndex() == 0


def test_a_sample_with_its_truth_and_probabilities(panel, bench, table_run):
    show(panel, bench, table_run)
    said, known, bars = texts(panel)["out"]
    truth = panel.sample.truth["out"]
    assert said.startswith("kind: ")
    assert known == (f"Right: it is {truth}." if said == f"kind: {truth}" else f"Wrong: it is {truth}.")
    assert [name for name, _ in bars] == sorted("abc", key=lambda kind: -dict(bars)[kind])
    assert sum(share for _, share in bars) == pytest.approx(1, abs=1e-4)
    assert panel.origin.text() == f"Row {panel.sample.row} of the data, kept back while training"
    assert panel.values.isVisibleTo(panel)
    assert not panel.picture.isVisibleTo(panel)
    before = panel.sample.row
    panel.index.setValue(5)
    assert panel.sample.row != before
    panel.surprise.click()
    answered(panel, bench)


def test_typed_values_change_the_answer(panel, bench, table_run):
    show(panel, bench, table_run)
    for kind in range(3):
        for row in range(4):
            panel.values.item(row, 0).setText("4" if row == kind else "0")
        answered(panel, bench)
        said, known, _ = texts(panel)["out"]
        assert said == f"kind: {'abc'[kind]}"
        assert known == "The truth is not known."
    assert panel.origin.text() == "Your own values"
    assert [panel.values.verticalHeaderItem(row).text() for row in range(4)] == ["p", "q", "r", "s"]


def test_what_is_no_number_is_put_back(panel, bench, table_run):
    show(panel, bench, table_run)
    before = panel.values.item(0, 0).text()
    panel.values.item(0, 0).setText("many")
    assert panel.values.item(0, 0).text() == before
    panel.values.item(0, 0).setText("2,5")
    assert panel.feeds["in"][0, 0] == 2.5


def test_dates_are_shown_and_typed_as_dates(panel, bench, place):
    path = place / "visits.csv"
    lines = (f"2024-{1 + n % 12:02d}-{1 + n % 28:02d},{n % 7},{'ab'[n % 12 > 5]}" for n in range(120))
    path.write_text("\n".join(["day,n,kind", *lines]) + "\n")
    run = learn(start("mlp", (source := Csv(path=str(path))).read(), source, "kind"))
    show(panel, bench, run)
    names = [panel.values.verticalHeaderItem(row).text() for row in range(2)]
    cell = panel.values.item(names.index("day"), 0)
    assert cell.text() == bench.data.read.dataset["day"].texts()[panel.sample.row - 1]
    cell.setText("2024-02-29 12:00")
    assert panel.feeds["table.day"][0, 0] == np.datetime64("2024-02-29T12:00", "s").astype(np.int64)
    cell.setText("tomorrow")
    assert cell.text() == "2024-02-29 12:00:00"
    cell.setText("")
    assert panel.feeds["table.day"][0, 0] == np.iinfo(np.int64).min
    answered(panel, bench)


def mouse(picture, kind, x, y, button, held):
    at = QPointF(x * picture.width(), y * picture.height())
    QApplication.sendEvent(picture, QMouseEvent(kind, at, at, button, held, Qt.KeyboardModifier.NoModifier))


def stroke(picture, start, end, button):
    mouse(picture, QEvent.Type.MouseButtonPress, *start, button, button)
    mouse(picture, QEvent.Type.MouseMove, *end, NONE, button)
    mouse(picture, QEvent.Type.MouseButtonRelease, *end, button, NONE)


def test_drawing_changes_the_answer(panel, bench, digits_run):
    show(panel, bench, digits_run)
    assert panel.picture.isVisibleTo(panel)
    shown = panel.picture.image.copy()
    stroke(panel.picture, (0.2, 0.2), (0.8, 0.8), LEFT)
    assert np.array_equal(panel.picture.image, shown)  # a sample is not drawn on
    panel.draw.click()
    answered(panel, bench)
    empty = texts(panel)["output"][2]
    assert not panel.picture.image.any()
    stroke(panel.picture, (0.5, 0.1), (0.5, 0.9), LEFT)
    answered(panel, bench)
    drawn, drawn_ink = texts(panel)["output"], panel.picture.image.sum()
    assert dict(drawn[2]) != dict(empty)
    assert drawn[1] == "The truth is not known."
    stroke(panel.picture, (0.5, 0.1), (0.5, 0.9), RIGHT)
    assert panel.picture.image.sum() < drawn_ink / 4
    panel.clear.click()
    answered(panel, bench)
    assert dict(texts(panel)["output"][2]) == pytest.approx(dict(empty))
    panel.draw.click()
    answered(panel, bench)
    assert panel.sample is not None
    assert np.array_equal(panel.picture.image, shown)


def test_another_sample_ends_drawing(panel, bench, digits_run):
    show(panel, bench, digits_run)
    panel.draw.click()
    panel.index.setValue(7)
    assert not panel.draw.isChecked()
    assert not panel.picture.drawable
    assert panel.sample.row in panel.trial.rows + 1


def test_a_picture_takes_the_room_there_is(panel, bench, digits_run):
    show(panel, bench, digits_run)
    sides = []
    for height in (300, 420, 900):
        panel.resize(1100, height)
        QApplication.processEvents()
        sides.append(panel.picture.width())
    assert sides[0] < sides[1] < sides[2] <= 448
    assert panel.answers.widget().width() <= 540


def test_a_series_is_drawn_with_its_forecast(panel, bench, series_run):
    show(panel, bench, series_run)
    assert panel.series.isVisibleTo(panel)
    assert panel.series.values.shape == (11, 1)
    said, known, _ = texts(panel)["output"]
    assert known == f"The data says {panel.sample.truth['output']}."
    assert panel.series.forecast == pytest.approx(float(said.split(": ")[1]), rel=1e-3)
    assert panel.series.truth == float(panel.sample.truth["output"])
    assert panel.values.columnCount() == 11
    before = panel.series.forecast
    panel.values.item(0, 10).setText("190")
    answered(panel, bench)
    assert panel.series.values[10, 0] == 190
    assert panel.series.forecast != before
    assert panel.series.truth is None
    assert not panel.series.grab().isNull()


def test_texts_are_typed(panel, bench, text_run):
    show(panel, bench, text_run)
    line = panel.texts.lines["word"]
    assert line.text() == panel.sample.texts["word"]
    assert not panel.values.isVisibleTo(panel)  # nobody wants to type numbers of letters
    for word, kind in (("aeiou", "vowels"), ("bcdfg", "others")):
        line.clear()
        QTest.keyClicks(line, word)
        answered(panel, bench)
        assert texts(panel)["out"][0] == f"kind: {kind}"
    assert panel.origin.text() == "Your own words"


def test_letters_that_the_run_does_not_know_and_those_beyond_its_reach_are_said(panel, bench, text_run):
    show(panel, bench, text_run)
    line, fitted = panel.texts.lines["word"], text_run.fitted["word"]
    reach = fitted["size"][0]
    assert (
        f"at most {reach} characters, of which it knows {len(fitted['vocabulary'])}"
        in panel.texts.findChild(QLabel).text()
    )
    assert not panel.unknown.isVisibleTo(panel)
    line.clear()
    QTest.keyClicks(line, "a7")
    assert "does not know “7”." in panel.unknown.text()
    line.clear()
    QTest.keyClicks(line, "a" * (reach + 2))
    assert f"the first {reach} characters; what follows (2) is left out" in panel.unknown.text()
    QTest.keyClick(line, Qt.Key.Key_Backspace)
    QTest.keyClick(line, Qt.Key.Key_Backspace)
    assert not panel.unknown.isVisibleTo(panel)
    answered(panel, bench)


def test_a_run_is_chosen(panel, bench, table_run):
    other = learn(flower_project(table_run.project.data.source.path, epochs=1, seed=9), "run-2")
    show(panel, bench, table_run, other)
    assert [panel.runs.itemText(i) for i in range(panel.runs.count())] == ["run-2", "run-1"]
    assert panel.trial.run is other
    panel.runs.setCurrentText("run-1")
    panel.runs.activated.emit(1)
    bench.qtbot.waitUntil(lambda: panel.trial is not None and panel.trial.run is table_run, timeout=WAIT)
    bench.document.runs = (table_run,)
    assert panel.trial.run is table_run
    bench.document.runs = ()
    assert panel.note.text() == EMPTY


def test_other_data_cannot_be_tried(panel, bench, table_run):
    show(panel, bench, table_run)
    bench.data.choose(Sample(name="penguins"))
    bench.ready()
    assert panel.trial is None
    assert panel.note.text() == OTHER
    bench.document.undo()
    bench.ready()
    bench.qtbot.waitUntil(lambda: panel.trial is not None, timeout=WAIT)


def test_a_question_without_an_answer_is_told_and_the_next_one_answered(panel, bench, table_run):
    show(panel, bench, table_run)
    panel.show_trouble("The model could not answer.")
    assert panel.answers.trouble.isVisibleTo(panel)
    panel.index.setValue(3)
    answered(panel, bench)
    assert not panel.answers.trouble.isVisibleTo(panel)
    assert "out" in texts(panel)


def test_everything_has_a_name_for_readers(panel, bench, digits_run, text_run, series_run):
    for run in (digits_run, text_run, series_run):
        show(panel, bench, run)
        for widget in panel.findChildren(QWidget):
            inner = isinstance(widget.parent(), QAbstractScrollArea)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(panel) and not inner:
                assert widget.accessibleName() or getattr(widget, "text", str)(), widget


def test_a_value_stays_in_sight_beside_a_long_name(panel, bench, table_run):
    values = panel.values
    show(panel, bench, table_run)
    values.setVerticalHeaderLabels(["a very long name of a column that goes on and on and never ends"] * 4)
    QApplication.processEvents()
    assert values.verticalHeader().width() <= values.width() / 2


def test_what_is_put_back_is_no_value_of_ones_own(panel, bench, table_run, qtbot):
    show(panel, bench, table_run)
    with qtbot.assertNotEmitted(panel.values.edited):
        panel.values.item(0, 0).setText("many")


@pytest.fixture(scope="module")
def penguins_run():
    return learn(example("penguins"))


def typed(panel, label, text):
    """Type a value beside its name."""
    values = panel.values
    names = [values.verticalHeaderItem(row).text() for row in range(values.rowCount())]
    item = values.item(names.index(label), 0)
    item.setText(text)
    return item


@pytest.mark.parametrize(
    ("text", "advice"),
    [("biscoe", "Did you mean Biscoe?"), ("Torgerson", "Did you mean Torgersen?"), ("Mars", "Type one of these.")],
)
def test_a_category_that_the_training_did_not_hold_is_named_beside_the_value(panel, bench, penguins_run, text, advice):
    show(panel, bench, penguins_run)
    assert not panel.unknown.isVisibleTo(panel)
    item = typed(panel, "island", text)
    assert panel.unknown.isVisibleTo(panel)
    said = f"island “{text}” was not in the training data, so it counts as missing. Known: Biscoe, Dream, Torgersen. {advice}"
    assert panel.unknown.text() == said
    assert item.toolTip() == f"<qt>{said}</qt>"
    assert not item.icon().isNull()
    answered(panel, bench)
    typed(panel, "island", "Dream")
    assert not panel.unknown.isVisibleTo(panel)
    assert item.toolTip() == ""
    assert item.icon().isNull()
    typed(panel, "island", "")  # missing, as the person says
    assert not panel.unknown.isVisibleTo(panel)
    typed(panel, "sex", "F")
    assert panel.unknown.text().endswith("Did you mean FEMALE?")
    typed(panel, "island", text)
    panel.surprise.click()
    assert not panel.unknown.isVisibleTo(panel)


def test_of_many_known_categories_some_are_named(penguins_run):
    many = [f"island {number:02d}" for number in range(20)]
    fitted = {
        node: {**found, "categories": [many, *found.get("categories", ())[1:]]}
        for node, found in penguins_run.fitted.items()
    }
    (box,) = [
        node
        for node, found in fitted.items()
        if ["island", "category"] in [list(one) for one in found.get("columns", ())]
    ]
    (one,) = strangers(penguins_run.with_(fitted=fitted), {f"{box}.island": np.array([["moon"]], object)})
    assert "island 07 and 12 more. Type one of these." in one.sentence
    assert "island 08" not in one.sentence


def test_long_sentences_about_unknown_categories_leave_the_answers_their_room(panel, bench, penguins_run, qtbot):
    panel.resize(860, 420)
    show(panel, bench, penguins_run)
    QApplication.processEvents()
    before = panel.answers.width()
    typed(panel, "island", "a very long name of an island in the far south that nobody has ever been to, or will be")
    typed(panel, "sex", "neither of the two")
    qtbot.waitUntil(lambda: panel.unknown.height() >= panel.unknown.heightForWidth(panel.unknown.width()))
    assert panel.unknown.isVisibleTo(panel)
    assert panel.answers.width() == before


def opened(panel, bench, monkeypatch, *paths):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path) for path in paths], ""))
    before = panel.trial
    panel.own.open.click()
    bench.qtbot.waitUntil(lambda: panel.trial not in (None, before), timeout=WAIT)
    answered(panel, bench)


def test_a_table_of_ones_own_is_answered_and_written(panel, bench, table_run, tmp_path, monkeypatch):
    show(panel, bench, table_run)
    assert panel.own.open.isVisibleTo(panel)
    assert not panel.own.save.isVisibleTo(panel)
    table = tmp_path / "new.csv"
    table.write_text("id,s,r,q,p\n007,0,0,0,4\n008,0,0,4,0\n009,0,4,0,0\n")
    opened(panel, bench, monkeypatch, table)
    assert len(panel.trial) == 3
    assert panel.origin.text() == "Row 1 of new.csv"
    assert texts(panel)["out"][:2] == ("kind: a", "The truth is not known.")
    panel.index.setValue(2)
    answered(panel, bench)
    assert texts(panel)["out"][0] == "kind: b"
    told = []
    panel.asker.tell = told.append
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "told"), ""))
    panel.own.save.click()
    bench.qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    assert told == ["Wrote told.csv: 3 answers."]
    head, *lines = (tmp_path / "told.csv").read_text().splitlines()
    assert head == "id,s,r,q,p,predicted_kind,probability_kind_a,probability_kind_b,probability_kind_c"
    assert [line.split(",")[:6:5] for line in lines] == [["007", "a"], ["008", "b"], ["009", "c"]]
    panel.own.back.click()
    bench.qtbot.waitUntil(lambda: panel.trial is not None, timeout=WAIT)
    assert panel.origin.text().endswith("of the data, kept back while training")
    assert not panel.own.save.isVisibleTo(panel)
    answered(panel, bench)


def test_the_truth_in_a_table_of_ones_own_is_known(panel, bench, table_run, tmp_path, monkeypatch):
    show(panel, bench, table_run)
    table = tmp_path / "new.csv"
    table.write_text("p,q,r,s,kind\n4,0,0,0,b\n")
    opened(panel, bench, monkeypatch, table)
    assert texts(panel)["out"][:2] == ("kind: a", "Wrong: it is b.")


def test_a_table_that_lacks_a_column_is_refused_beside_the_projects_own_samples(
    panel, bench, table_run, tmp_path, monkeypatch
):
    show(panel, bench, table_run)
    table = tmp_path / "new.csv"
    table.write_text("p,q,r\n4,0,0\n")
    opened(panel, bench, monkeypatch, table)
    assert "s" in panel.unknown.text()
    assert panel.unknown.isVisibleTo(panel)
    assert panel.trial.own == ""
    assert len(panel.trial) > 1


def test_a_picture_of_ones_own_is_answered(panel, bench, digits_run, tmp_path, monkeypatch):
    show(panel, bench, digits_run)
    paths = [tmp_path / "цифра.png", tmp_path / "two.jpg"]
    for path in paths:
        Image.fromarray(np.full((40, 40), 200, np.uint8)).save(path)
    opened(panel, bench, monkeypatch, *paths)
    assert panel.picture.isVisibleTo(panel)
    assert len(panel.trial) == 2
    assert panel.origin.text() == "цифра.png"


def test_what_comes_after_a_series_of_ones_own_is_asked_too(panel, bench, series_run, tmp_path, monkeypatch):
    show(panel, bench, series_run)
    table = tmp_path / "new.csv"
    table.write_text("SUNACTIVITY\n" + "\n".join(str(10 + n) for n in range(12)) + "\n")
    opened(panel, bench, monkeypatch, table)
    assert len(panel.trial) == 2
    assert panel.sample.truth["output"] == "21"
    panel.index.setValue(2)
    answered(panel, bench)
    assert panel.origin.text() == "What comes after new.csv"
    assert texts(panel)["output"][1] == "The truth is not known."
