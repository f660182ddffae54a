from time import thread_time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from app.document import Document
from app.training.curve_plot import ScoreAxis
from app.training.follow import show_run
from app.training.panel import EMPTY, TrainingPanel
from app.training.progress import TrainingProgress
from app.training.readouts import duration, figure
from app.training.series import Series
from app.training.settings import TrainingForm
from engine.project.run import Run
from engine.training.events import Began, EpochDone, Steps
from engine.training.history import Epoch, History

from .small_trainings import flower_project
from .window_parts import FakeTrainer

BEGAN = Began(epochs=10, steps_per_epoch=100, samples=3200, validation_samples=800, parameters=5000)


def steps(first, losses, speed=6400.0):
    count = len(losses)
    return Steps(first, first // 100, tuple(losses), (0.01,) * count, (1.0,) * count, speed)


def epoch(number, loss, **scores):
    scores = scores or {"out": {"Accuracy": 1 - loss}}
    return Epoch(number, number * 100, 0.01, loss, scores, loss, scores)


@pytest.fixture
def panel(qtbot):
    panel = TrainingPanel()
    for _ in panel.build():
        pass
    qtbot.addWidget(panel)
    panel.resize(1000, 320)
    panel.show()
    return panel


# ------------------------------------------------------------------ curves of any length


@pytest.mark.parametrize("count", [10, 5_000, 200_001])
def test_an_outline_never_loses_an_extreme(count):
    rng, series = np.random.default_rng(1), Series()
    y = rng.normal(size=count)
    y[count // 3], y[count // 2] = 99.0, -99.0
    for part in np.array_split(np.arange(count), 7):
        series.extend(part / 100, y[part])
    x, drawn = series.outline(-1, count, 500)
    assert len(x) <= 2000
    assert (drawn.min(), drawn.max()) == (-99.0, 99.0)
    assert (x[0], x[-1]) == (0.0, (count - 1) / 100)
    assert (np.diff(x) >= 0).all()


def test_an_outline_of_a_part_has_the_extremes_of_that_part():
    series = Series()
    y = np.random.default_rng(2).normal(size=100_000)
    series.extend(np.arange(100_000.0), y)
    _, drawn = series.outline(20_000, 40_000, 300)
    seen = y[19_999:40_002]
    assert drawn.min() == y[20_000:40_001].min() or drawn.min() == seen.min()
    assert drawn.max() == y[20_000:40_001].max() or drawn.max() == seen.max()


def test_a_trend_depends_on_neighbours_only():
    y = np.random.default_rng(3).normal(size=50_000)
    short, long = Series(), Series()
    short.extend(np.arange(20_000.0), y[:20_000])
    long.extend(np.arange(50_000.0), y)
    for pieces in (100, 20_000):
        x, smooth = short.trend(5_000, 10_000, pieces, 200)
        expected = [y[int(at) - 100 : int(at) + 101].mean() for at in x]
        np.testing.assert_allclose(smooth, expected, atol=1e-9)
    x, wide = long.trend(0, 50_000, 50_000, 200)
    narrow = dict(zip(*short.trend(5_000, 10_000, 100, 200), strict=True))
    for at, value in narrow.items():
        assert wide[int(at)] == pytest.approx(value, abs=1e-9)


def test_a_trend_without_neighbours_is_the_curve():
    series = Series()
    series.extend(np.arange(9.0), np.arange(9.0) ** 2)
    assert series.trend(0, 8, 100, 0)[1].tolist() == series.y.tolist()


def test_gaps_where_a_value_is_no_number():
    series = Series()
    series.extend(np.arange(5.0), np.array([1.0, np.inf, np.nan, 3.0, 5.0]))
    assert np.isnan(series.y[1:3]).all()
    _, smooth = series.trend(0, 4, 10, 2)
    assert smooth[0] == 1.0
    assert np.isnan(series.y[2])
    assert smooth[4] == 4.0
    assert Series().trend(0, 1, 10, 4)[0].size == 0


def test_a_million_points_are_drawn_in_time_and_keep_their_extremes(panel):
    """Twenty times a second, a curve of a million points may take at most 33 ms; it must not take ten times a short one."""

    def redraw():
        start = thread_time()
        panel.redraw()
        panel.loss_plot.grab()
        return thread_time() - start

    panel.begin(Began(10, 100_000, 3_200_000, 0, 1))
    losses = np.random.default_rng(0).random(1_000_000)
    losses[123_456], losses[777_777] = 9.0, -9.0
    panel.loss_plot.train.extend((1 + np.arange(2_000)) / 100_000, losses[:2_000])
    short = min(redraw() for _ in range(5))
    panel.begin(Began(10, 100_000, 3_200_000, 0, 1))
    panel.loss_plot.train.extend((1 + np.arange(1_000_000)) / 100_000, losses)
    long = min(redraw() for _ in range(5))
    assert long < max(8 * short, 0.033)
    drawn = panel.loss_plot.faint.yData
    assert len(drawn) < 3000
    assert (drawn.min(), drawn.max()) == (-9.0, 9.0)


# ------------------------------------------------------------------ what a training tells


def test_figures_while_training(panel):
    panel.begin(BEGAN)
    assert "3,200 to train on, 800 to check with · 5,000 parameters" in panel.legend.facts
    panel.add_steps(steps(0, [2.0] * 50))
    values = panel.readouts
    assert (values.text("loss"), values.text("rate"), values.text("speed")) == ("2", "0.01", "6,400 /s")
    assert values.text("time left") == "5 s"  # 9.5 epochs of 3,200 samples at 6,400 a second
    assert values.text("epoch") == "0 of 10"
    panel.add_epoch(EpochDone(epoch(1, 0.25), best=True))
    assert (values.text("epoch"), values.text("validation")) == ("1 of 10", "0.25")
    assert (values.text("metric"), values.text("best")) == ("75.0 %", "75.0 % · 1")
    assert values.names["metric"].text() == "accuracy"
    panel.add_epoch(EpochDone(epoch(2, 0.5), best=False))
    assert values.text("best") == "75.0 % · 1"
    panel.redraw()
    assert panel.loss_plot.best.value() == 1
    assert panel.loss_plot.validation.y.tolist() == [0.25, 0.5]


def test_a_training_that_goes_on_shows_what_was_before(panel):
    past = History(np.full(200, 1.0), np.full(200, 0.01), np.ones(200), (epoch(1, 0.5), epoch(2, 0.4)))
    panel.begin(Began(10, 100, 3200, 800, 5000, step=200, epoch=2), past)
    panel.add_steps(steps(200, [0.5] * 10))
    assert len(panel.loss_plot.train) == 210
    assert panel.loss_plot.train.x[-1] == 2.1
    assert panel.best.number == 2


@pytest.mark.parametrize("best", [1, 5, 10])
def test_the_mark_of_the_best_epoch_is_never_cut(panel, best):
    panel.begin(BEGAN)
    panel.add_steps(steps(0, np.linspace(2, 0.1, 1000)))
    for number in range(1, 11):
        panel.add_epoch(EpochDone(epoch(number, 0.1 if number == best else 0.5), best=number == best))
    panel.redraw()
    panel.loss_plot.grab()
    label = panel.loss_plot.best.label
    assert label.textItem.toPlainText() == f"best · {best}"
    box = label.mapRectToScene(label.boundingRect())
    view = panel.loss_plot.getViewBox()
    assert view.mapRectToScene(view.boundingRect()).adjusted(-1, -1, 1, 1).contains(box)


def test_all_epochs_are_in_sight_unless_there_are_very_many(panel):
    def last():
        return panel.loss_plot.viewRange()[0][1]

    panel.begin(BEGAN)
    assert 10 < last() < 11
    panel.begin(Began(1_000_000, 1, 32, 0, 1))
    assert 50 < last() < 55
    panel.add_steps(steps(0, [1.0] * 70))
    assert 100 < last() < 110
    panel.finish()
    assert 70 < last() < 75


def test_the_axis_has_room_for_its_texts_from_the_start(panel):
    """Where it took another width as it is painted, all would be laid out and painted twice."""
    panel.layout().activate()
    widths = panel.loss_plot.scale_.width()
    panel.loss_plot.grab()
    assert panel.loss_plot.scale_.width() == widths
    assert panel.loss_plot.scale_.maximumWidth() == widths


def test_a_person_who_looks_closer_is_left_alone_until_a_double_click(panel):
    panel.begin(BEGAN)
    panel.loss_plot.setXRange(2, 3, padding=0)
    panel.loss_plot.getViewBox().sigRangeChangedManually.emit([True, False])
    panel.finish()
    assert panel.loss_plot.viewRange()[0] == [2, 3]
    at = QPointF(200, 100)
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseButtonDblClick, at, at, left, left, plain)
    QApplication.sendEvent(panel.loss_plot.viewport(), event)
    assert panel.loss_plot.viewRange()[0][0] < 0


def test_another_metric_is_drawn_from_the_first_epoch_on(panel):
    panel.begin(BEGAN)
    for number in (1, 2):
        panel.add_epoch(
            EpochDone(epoch(number, 0.5, out={"Accuracy": 0.9, "R2": 0.8 + number / 100}), best=number == 1)
        )
    assert panel.choice.isVisibleTo(panel)
    assert panel.score_plot.scale_.percent
    panel.choice.setCurrentIndex(1)
    panel.choice.activated.emit(1)
    np.testing.assert_allclose(panel.score_plot.validation.y, [0.81, 0.82])
    assert not panel.score_plot.scale_.percent
    assert panel.readouts.text("best") == "0.81 · 1"


def test_several_outputs_are_named(panel):
    panel.begin(BEGAN)
    panel.add_epoch(EpochDone(epoch(1, 0.5, kind={"Accuracy": 0.9}, age={"MeanAbsoluteError": 3.0}), best=True))
    texts = [panel.choice.itemText(place) for place in range(panel.choice.count())]
    assert texts == ["kind · Accuracy", "age · Mean absolute error"]
    assert panel.score_plot.caption == "kind · Accuracy"


def test_shares_are_written_as_percent():
    axis = ScoreAxis("left")
    assert axis.tickStrings([0.2, 0.95], 1, 0.01) == ["0.20", "0.95"]
    axis.percent = True
    assert axis.tickStrings([0.2, 0.955, 1.0], 1, 0.1) == ["20 %", "95.5 %", "100 %"]


def test_a_kept_run_is_shown(panel):
    history = History(
        np.linspace(1, 0.1, 300), np.full(300, 0.01), np.ones(300), tuple(epoch(n, 1 / n) for n in (1, 2, 3))
    )
    project = flower_project("nowhere.csv", epochs=10)
    show_run(panel, Run("run-7", project, history=history, seed=0))
    assert panel.legend.facts == "run-7"
    assert panel.readouts.text("epoch") == "3 of 10"
    assert panel.loss_plot.viewRange()[0][1] < 4  # it was stopped: no empty space for what never came
    assert panel.readouts.text("time left") == "—"
    panel.clear()
    assert panel.legend.facts == EMPTY
    assert len(panel.loss_plot.train) == 0


def test_smoothing_and_scale_only_change_the_picture(panel):
    panel.begin(BEGAN)
    panel.add_steps(steps(0, np.random.default_rng(0).random(900) + 0.5))
    panel.redraw()
    spread = np.std(panel.loss_plot.line.yData)
    panel.smoothing.setValue(40)
    assert np.std(panel.loss_plot.line.yData) < spread
    panel.smoothing.setValue(0)
    assert np.std(panel.loss_plot.line.yData) > spread
    panel.logarithmic.setChecked(True)
    assert panel.loss_plot.getPlotItem().ctrl.logYCheck.isChecked()
    assert len(panel.loss_plot.train) == 900


def test_a_narrow_legend_does_not_run_into_its_neighbour(panel):
    panel.begin(BEGAN)
    panel.resize(560, 300)
    QApplication.processEvents()
    neighbours = [w for w in (panel.smoothing, panel.logarithmic) if w.isVisible()]
    assert all(panel.legend.geometry().right() < widget.geometry().left() for widget in neighbours)


def test_it_is_drawn_in_both_themes(panel):
    from app import appearance

    panel.begin(BEGAN)
    panel.add_steps(steps(0, np.linspace(2, 0.1, 1000)))
    dark = panel.grab().toImage()
    appearance.apply("light")
    light = panel.grab().toImage()
    assert dark.pixelColor(20, 150).lightness() < 100 < light.pixelColor(20, 150).lightness()


def test_everything_has_a_name_for_readers(panel):
    panel.begin(BEGAN)
    for widget in panel.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(panel):
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget
    assert "training" in panel.legend.accessibleName()
    assert panel.loss_plot.accessibleName() == "Curve of loss"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(7.6, "8 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (3e5, "3 days 11 h")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_figures_have_three_digits():
    assert [figure(v) for v in (0, 2.34567, 0.00123, 0.0000456)] == ["0", "2.35", "0.00123", "4.6e-05"]


# ------------------------------------------------------------------ settings and progress


def test_training_settings_are_there_whatever_is_selected(qtbot):
    document = Document(flower_project("nowhere.csv"))
    form = TrainingForm(document)
    qtbot.addWidget(form)
    document.select(["hidden"])
    for epochs in (7, 8, 9):
        form.form.editor("epochs").box.setValue(epochs)
    assert document.project.training.epochs == 9
    assert document.undo_stack.count() == 1
    form._pause.timeout.emit()
    form.form.editor("epochs").box.setValue(10)
    assert document.undo_stack.count() == 2
    document.undo()
    assert form.form.editor("epochs").value() == 9


def test_what_is_wrong_with_a_setting_stands_below_it(qtbot):
    project = flower_project("nowhere.csv", batch=0)
    form = TrainingForm(Document(project))
    qtbot.addWidget(form)
    sentence = form.form.rows["batch"]._problem
    assert sentence.text() == project.training.problems()["batch"]
    assert not sentence.isHidden()


def test_progress_is_in_the_status_bar_while_training(qtbot):
    trainer = FakeTrainer()
    bar = TrainingProgress(trainer)
    qtbot.addWidget(bar)
    assert bar.isHidden()
    trainer.state = "starting"
    trainer.state_changed.emit("starting")
    assert not bar.isHidden()
    trainer.state = "running"
    trainer.started.emit(BEGAN, None)
    trainer.progress.emit(steps(0, [1.0] * 250))
    assert bar.text.text() == "Epoch 1 of 10 · 4 s left"
    assert bar.bar.value() == 250
    trainer.state_changed.emit("paused")
    assert bar.text.text().startswith("Paused · Epoch")
    trainer.state_changed.emit("idle")
    assert bar.isHidden()


@pytest.mark.parametrize("last", [1.0, 100.0, 663.0, 30_000.0])
def test_the_numbers_below_a_narrow_plot_keep_apart(panel, qtbot, last):
    plot = panel.loss_plot
    plot.resize(140, 160)
    plot.show_epochs(last)
    panel.show()
    qtbot.waitExposed(panel)
    axis = plot.getAxis("bottom")
    axis.resize(88, 24)
    painter = QPainter(QPixmap(200, 200))
    texts = axis.generateDrawSpecs(painter)[2]
    painter.end()
    assert sum(rect.width() for rect, _, _ in texts) <= 0.7 * axis.boundingRect().width()
