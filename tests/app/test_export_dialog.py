import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.exporting import dialog as exporting
from app.exporting.dialog import ExportDialog
from engine.export.session import OnnxPredictor
from engine.export.verify import Difference, Verification
from engine.export.write import ModelDiffersError

from .small_trainings import WAIT, Bench, flower_project, flowers, learn


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return learn(flower_project(flowers(tmp_path_factory.mktemp("export") / "flowers.csv"), epochs=2))


@pytest.fixture
def dialog(qtbot, tmp_path, run):
    bench = Bench(qtbot)
    bench.document.open(run.project, tmp_path / "flowers.netw", (run,))
    bench.ready()
    dialog = ExportDialog(bench.document, run)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def finish(qtbot, dialog):
    dialog.go.click()
    assert not dialog.go.isEnabled()
    assert dialog.progress.isVisibleTo(dialog)
    qtbot.waitUntil(lambda: dialog.task is None, timeout=WAIT)


def boxes(dialog):
    return [[dialog.boxes.item(row, place).text() for place in range(3)] for row in range(dialog.boxes.rowCount())]


def test_it_names_the_run_and_a_file_beside_the_project(dialog, tmp_path):
    assert dialog.windowTitle() == "Export run-1 as ONNX"
    assert dialog.file.text() == str(tmp_path / "flowers.onnx")


@pytest.mark.parametrize("place", [0, 1])
def test_it_writes_and_verifies_every_box(qtbot, dialog, tmp_path, run, place):
    dialog.opset.setCurrentIndex(place)
    finish(qtbot, dialog)
    assert dialog.verdict.text().startswith("Written and verified: ")
    names = [row[0] for row in boxes(dialog)]
    assert names == ["in", "hidden", "relu", "head", "out"]
    assert all(row[2] == "none" or float(row[2]) <= 1e-4 for row in boxes(dialog))
    assert dialog.report.opset == dialog.opset.currentData()
    model = OnnxPredictor((tmp_path / "flowers.onnx").read_bytes())
    assert model.run({"in": np.zeros((2, 4), np.float32)})["out"].shape == (2, 3)
    assert dialog.folder.isVisibleTo(dialog)
    assert dialog.close_button.text() == "Close"


def test_a_model_that_differs_is_refused_and_every_box_named(qtbot, dialog, tmp_path, monkeypatch):
    checked = Verification((Difference("in", "Input", 0.0, 1.0), Difference("head", "Dense", 0.5, 1.0)), 32)

    def differ(*_, **__):
        raise ModelDiffersError(checked)

    monkeypatch.setattr(exporting, "export", differ)
    finish(qtbot, dialog)
    assert "head (Dense)" in dialog.verdict.text()
    assert dialog.verdict.property("problem")
    assert boxes(dialog) == [["in", "Input", "none"], ["head", "Dense", "5.0e-01: too much"]]
    assert not (tmp_path / "flowers.onnx").exists()
    assert dialog.go.isEnabled()  # one may try again
    assert not dialog.folder.isVisibleTo(dialog)


def test_a_folder_that_is_not_there_is_a_sentence(qtbot, dialog, tmp_path):
    dialog.file.setText(str(tmp_path / "nowhere" / "model.onnx"))
    finish(qtbot, dialog)
    assert "nowhere" in dialog.verdict.text()
    assert dialog.verdict.property("problem")
    dialog.file.setText(str(tmp_path / "model.onnx"))
    finish(qtbot, dialog)
    assert not dialog.verdict.property("problem")
    assert (tmp_path / "model.onnx").exists()


def test_data_that_is_gone_is_a_sentence(qtbot, dialog, run, tmp_path, monkeypatch):
    source = run.project.data.source.with_(path=str(tmp_path / "gone.csv"))
    dialog.run = run.with_(project=run.project.with_(data=run.project.data.with_(source=source)))
    finish(qtbot, dialog)
    assert "gone.csv" in dialog.verdict.text()


def test_a_file_is_chosen(dialog, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "other"), ""))
    dialog._browse()
    assert dialog.file.text() == str(tmp_path / "other.onnx")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    dialog._browse()
    assert dialog.file.text() == str(tmp_path / "other.onnx")


def asking(monkeypatch, answer):
    asked = []
    monkeypatch.setattr("app.replacing.ask", lambda parent, path: asked.append(path) or answer)
    return asked


def test_a_typed_file_that_is_there_is_only_replaced_after_a_question(qtbot, dialog, tmp_path, monkeypatch):
    old = tmp_path / "flowers.onnx"
    old.write_text("an older model")
    asked = asking(monkeypatch, False)
    finish(qtbot, dialog)
    assert asked == [old]
    assert old.read_text() == "an older model"
    assert dialog.go.isEnabled()
    assert dialog.file.selectedText() == str(old)
    asked = asking(monkeypatch, True)
    finish(qtbot, dialog)
    assert asked == [old]
    assert old.stat().st_size > 100


@pytest.mark.parametrize(("name", "questions"), [("other.onnx", 0), ("other", 1)])
def test_what_the_file_dialog_has_asked_is_not_asked_again(qtbot, dialog, tmp_path, monkeypatch, name, questions):
    (tmp_path / "other.onnx").write_text("an older model")
    asked = asking(monkeypatch, True)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), ""))
    dialog._browse()
    finish(qtbot, dialog)
    assert len(asked) == questions  # of a name without ending, the file dialog knows nothing
    assert dialog.verdict.text().startswith("Written and verified: ")


def test_a_name_of_another_kind_is_refused_at_once(dialog, tmp_path, monkeypatch):
    asked = asking(monkeypatch, True)
    table = tmp_path / "flowers.csv"
    table.write_text("a,b\n1,2\n")
    dialog.file.setText(str(table))
    dialog.go.click()
    assert "Let it end with .onnx" in dialog.verdict.text()
    assert dialog.go.isEnabled()
    assert not asked


def test_cancel_ends_it(qtbot, dialog, tmp_path):
    dialog._write(tmp_path / "flowers.onnx")
    task = dialog.task
    with qtbot.waitSignal(task.cancelled, timeout=WAIT):
        dialog.close_button.click()
    assert not dialog.isVisible()


def test_everything_has_a_name_for_readers(dialog):
    for widget in dialog.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(dialog):
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget
