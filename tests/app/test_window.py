import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app import edits
from app.context_menu import menu_for
from app.inspector.box_page import BoxPage
from app.panels import PANELS, Panel
from app.theme import LIGHT, tokens
from app.welcome.examples import examples
from engine.data.sources.sample import Sample
from engine.project.file import load, save
from engine.project.project import Project
from engine.project.recovery import list_recoveries
from engine.project.run import Saved

from .window_parts import FakeTrainer, make_window, small_project

BUTTON = QMessageBox.StandardButton


@pytest.fixture
def session(qapp, monkeypatch):
    fake = FakeTrainer()
    monkeypatch.setattr("app.workbench.Trainer", lambda *parts: fake)
    return fake


@pytest.fixture
def window(qtbot, tmp_path, session):
    return make_window(qtbot, tmp_path)


@pytest.fixture
def work(window):
    window.document.open(small_project())
    window.show_work()
    return window


def answer(window, monkeypatch, button):
    asked = []
    monkeypatch.setattr(window.files, "_ask", lambda: asked.append(1) or button)
    return asked


def test_it_begins_with_the_welcome_page_and_goes_to_work(window):
    assert window.on_welcome
    assert not window.top.isVisible()
    window.actions_["new"].trigger()
    assert not window.on_welcome
    assert window.docks.all["layers"].isVisible()
    window.actions_["close_project"].trigger()
    assert window.on_welcome


def test_the_title_says_what_is_open_and_whether_it_is_saved(work, tmp_path):
    assert work.windowTitle() == "Untitled[*] — Netwright"
    assert not work.isWindowModified()
    work.canvas.add_layer("ReLU")
    assert work.isWindowModified()
    work.document.undo()
    assert not work.isWindowModified()


def test_save_open_and_recent(qtbot, work, tmp_path, monkeypatch):
    path = tmp_path / "net.netw"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(path.with_suffix("")), ""))
    work.canvas.add_layer("ReLU")
    with qtbot.waitSignal(work.document.titled):
        work.actions_["save"].trigger()
    qtbot.waitUntil(lambda: not work.isWindowModified())
    assert load(path).project == work.document.project
    assert load(path).preview.startswith(b"\x89PNG")
    assert work.windowTitle() == "net[*] — Netwright"
    assert work.settings.recent == [str(path)]
    assert work.menus.recent.actions()[0].text() == "net.netw"
    with qtbot.waitSignal(work.document.opened):
        work.files.open(path)


@pytest.mark.parametrize("replace", [True, False])
def test_a_name_without_ending_does_not_replace_a_project_silently(qtbot, work, tmp_path, monkeypatch, replace):
    """The file dialog asks only about the very name that was typed."""
    path, asked = tmp_path / "net.netw", []
    save(path, Saved(Project()))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(tmp_path / "net"), ""))
    monkeypatch.setattr("app.replacing.ask", lambda parent, path: asked.append(path) or replace)
    work.canvas.add_layer("ReLU")
    work.actions_["save_as"].trigger()
    qtbot.waitUntil(lambda: bool(asked) and (not replace or not work.isWindowModified()))
    assert asked == [path]
    assert bool(load(path).project.graph.nodes) is replace


@pytest.mark.parametrize("answer", ["replace", "save as", ""])
def test_a_file_that_was_changed_elsewhere_is_not_replaced_silently(qtbot, work, tmp_path, monkeypatch, answer):
    path, other, asked = tmp_path / "net.netw", tmp_path / "other.netw", []
    save(path, Saved(small_project()))
    with qtbot.waitSignal(work.document.opened):
        work.files.open(path)
    monkeypatch.setattr("app.files.ask_about_change", lambda parent, path: asked.append(path) or answer)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(other), ""))
    work.canvas.add_layer("ReLU")
    work.actions_["save"].trigger()
    qtbot.waitUntil(lambda: not work.isWindowModified())
    assert not asked  # what was saved here is no surprise
    save(path, Saved(Project()))
    work.canvas.add_layer("ReLU")
    work.actions_["save"].trigger()
    qtbot.waitUntil(lambda: bool(asked) and work.isWindowModified() is (answer == ""))
    assert bool(load(path).project.graph.nodes) is (answer == "replace")
    assert other.exists() is (answer == "save as")


def test_a_recent_file_that_is_gone_is_grey(qtbot, tmp_path):
    there = tmp_path / "a.netw"
    save(there, Saved(Project()))
    window = make_window(qtbot, tmp_path, recent=[str(there), str(tmp_path / "gone.netw")])
    assert [action.isEnabled() for action in window.menus.recent.actions()] == [True, False]


def test_a_file_that_cannot_be_opened_says_so_and_leaves_the_work(qtbot, work, tmp_path):
    bad = tmp_path / "bad.netw"
    bad.write_bytes(b"PK nothing")
    before = work.document.project
    with qtbot.waitSignal(work.files.failed) as caught:
        work.files.open(bad)
    assert "bad.netw" in caught.args[0]
    assert work.document.project is before
    assert work.notices.texts() == caught.args


def test_work_given_up_for_a_file_that_does_not_open_is_kept_as_before(qtbot, work, tmp_path, monkeypatch):
    work.canvas.add_layer("ReLU")
    work.files.recovery._write()
    qtbot.waitUntil(lambda: not work.files.recovery._busy)
    answer(work, monkeypatch, BUTTON.Discard)
    with qtbot.waitSignal(work.files.failed):
        work.files.open(tmp_path / "missing.netw")
    assert work.document.is_modified
    assert work.files.recovery.timer.isActive()


def test_a_save_that_fails_says_so_and_stays_modified(qtbot, work, tmp_path):
    work.canvas.add_layer("ReLU")
    work.document.path = tmp_path / "no folder" / "a.netw"
    with qtbot.waitSignal(work.files.failed):
        work.files.save()
    assert work.document.is_modified


@pytest.mark.parametrize(("button", "closes"), [(BUTTON.Cancel, False), (BUTTON.Discard, True)])
def test_closing_asks_once(qtbot, work, monkeypatch, button, closes):
    work.canvas.add_layer("ReLU")
    asked = answer(work, monkeypatch, button)
    assert work.close() is closes
    assert len(asked) == 1


def test_closing_with_save_closes_after_the_save(qtbot, work, monkeypatch, tmp_path):
    work.canvas.add_layer("ReLU")
    project, path = work.document.project, tmp_path / "a.netw"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(path), ""))
    asked = answer(work, monkeypatch, BUTTON.Save)
    work.close()
    qtbot.waitUntil(lambda: not work.isVisible())
    assert load(path).project == project
    assert len(asked) == 1


@pytest.mark.parametrize(("wish", "left"), [("stop", True), ("later", True), ("", False)])
def test_closing_while_training_asks(qtbot, work, session, monkeypatch, wish, left):
    session.start()
    monkeypatch.setattr("app.training.leaving.ask", lambda *_: wish)
    assert not work.close()
    if left:
        qtbot.waitUntil(lambda: not work.isVisible())
    assert work.isVisible() is not left
    assert (session.state == "idle") is left


def test_closing_what_is_saved_asks_nothing(work, monkeypatch):
    asked = answer(work, monkeypatch, BUTTON.Cancel)
    assert work.close()
    assert not asked


def test_unsaved_work_is_kept_and_offered(qtbot, work, tmp_path):
    work.canvas.add_layer("ReLU")
    assert work.files.recovery.timer.isActive()
    assert work.files.recovery.timer.interval() <= 2000
    work.files.recovery.timer.stop()
    work.files.recovery._write()
    qtbot.waitUntil(lambda: not work.files.recovery._busy)
    from engine.project import recovery

    recovery.release(work.files.recovery.key)  # as if the program had died
    other = make_window(qtbot, tmp_path)
    qtbot.waitUntil(lambda: bool(other.notices.texts()))
    assert "unsaved work" in other.notices.texts()[0]
    (left,) = other.notices._shown
    button = next(b for b in left.findChildren(QWidget) if getattr(b, "text", str)() == "&Open it")
    with qtbot.waitSignal(other.document.opened):
        button.click()
    assert other.document.project == work.document.project
    assert other.document.is_modified


def test_a_save_makes_the_recovery_go_away(qtbot, work, tmp_path):
    work.canvas.add_layer("ReLU")
    work.files.recovery._write()
    qtbot.waitUntil(lambda: not work.files.recovery._busy)
    work.document.path = tmp_path / "a.netw"
    key = work.files.recovery.key
    work.files.save()
    qtbot.waitUntil(lambda: not work.document.is_modified)
    from app import tasks

    tasks.finish()
    assert key not in [one.key for one in list_recoveries()]


def test_workspaces_arrange_the_docks(work):
    for space in work.workspaces:
        work.actions_[f"workspace.{space.name}"].trigger()
        shown = {name for name, dock in work.docks.all.items() if not dock.isHidden()}
        assert shown == {panel.name for panel in PANELS if space.name in panel.workspaces}
        assert work.top._buttons[space.name].isChecked()


def test_a_layout_comes_back_and_reset_puts_all_in_place(qtbot, work, tmp_path):
    work.docks.all["layers"].hide()
    work.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, work.docks.all["inspector"])
    work._remember_layout()
    other = make_window(qtbot, tmp_path, layout=work.settings.layout)
    other.show_work()
    assert other.docks.all["layers"].isHidden()
    assert other.dockWidgetArea(other.docks.all["inspector"]) == Qt.DockWidgetArea.LeftDockWidgetArea
    other.actions_["reset_layout"].trigger()
    assert not other.docks.all["layers"].isHidden()
    assert other.dockWidgetArea(other.docks.all["inspector"]) == Qt.DockWidgetArea.RightDockWidgetArea


def test_a_damaged_layout_is_left_alone(qtbot, tmp_path):
    window = make_window(qtbot, tmp_path, layout={"docks": "???", "geometry": "x", "workspace": "nowhere"})
    window.show_work()
    assert not window.docks.all["layers"].isHidden()


def test_docks_float_and_come_back(work):
    dock = work.docks.all["inspector"]
    dock.setFloating(True)
    assert dock.isFloating()
    work.reset_layout()
    assert not dock.isFloating()


def test_a_panel_is_one_line(qtbot, tmp_path):
    made = []

    def make(context, parent):
        made.append((context, parent))
        return QWidget(parent)

    panel = Panel("extra", "Extra", "star", "bottom", make, ("build",), front=("build",))
    window = make_window(qtbot, tmp_path, panels=(*PANELS, panel))
    assert not made
    window.actions_["panel.extra"].trigger()
    ((context, parent),) = made
    assert context.document is window.document
    assert parent is window.docks.all["extra"]
    assert "Extra panel" in [action.plain_text for action in window.actions_]


def test_a_panel_may_be_made_in_parts(qtbot, tmp_path):
    made = []

    def make(context, parent):
        made.append("first")
        yield None
        made.append("last")
        yield QWidget(parent)

    window = make_window(qtbot, tmp_path, panels=(*PANELS, Panel("extra", "Extra", "star", "bottom", make)))
    window.document.open(small_project())
    window.show_work()
    docks = window.docks
    qtbot.waitUntil(lambda: all(dock.content for dock in docks.all.values() if not dock.visibleRegion().isEmpty()))
    docks.open("extra")
    assert not made
    docks._make_next()  # which paints first
    docks._make_next()
    assert made == ["first"]
    docks.show("extra")
    assert made == ["first", "last"]
    assert docks.all["extra"].content.isVisible()


@pytest.mark.parametrize("name", [panel.name for panel in PANELS])
def test_a_panel_is_made_within_its_dock(work, name):
    """One that came there later would have its style found twice."""
    dock, shared = work.docks.all[name], work.docks._context.shared
    while name not in shared:
        work.docks._make_content(dock)
    assert dock.isAncestorOf(shared[name])
    assert not shared[name].isWindow()


def ready(qtbot, window):
    """Open an example, and wait until its data is read."""
    window.document.open(load(examples()[0].path).project)
    window.show_work()
    qtbot.waitUntil(window.actions_["train"].isEnabled)


def test_train_becomes_stop(qtbot, work, session):
    ready(qtbot, work)
    assert work.actions_["train"].isEnabled()
    work.actions_["train"].trigger()
    assert session.asked == ["start"]
    assert "Stop" in work.top.train.text()
    assert work.actions_["train"].reason == "A training is running."
    work.actions_["pause"].trigger()
    assert work.actions_["pause"].isChecked()
    work.actions_["pause"].trigger()
    work.top.train.click()
    assert session.asked == ["start", "pause", "proceed", "stop"]
    assert "Train" in work.top.train.text()


def test_a_change_while_training_says_when_it_counts(qtbot, work, session):
    def change(rate):
        work.document.edit("Change rate", lambda p: p.with_(training=p.training.with_(rate=rate)))

    change(0.5)
    assert "next training" not in work.statusBar().currentMessage()
    session.become("training")
    change(0.25)
    assert work.statusBar().currentMessage() == "A training is running. What you change counts for the next training."
    work.tell("")
    work.document.edit("Move", edits.move({"a": (9.0, 9.0)}))
    assert work.statusBar().currentMessage() == ""


def test_train_says_why_it_cannot(qtbot, work, session):
    ready(qtbot, work)
    session.why = "There is no data yet."
    session.changed.emit()
    assert work.actions_["train"].reason == "There is no data yet."
    session.why = ""
    work.canvas.add_layer("Dense")
    assert "problem" in work.actions_["train"].reason or "wired" in work.actions_["train"].reason
    assert not work.top.train.isEnabled()


def test_keys_of_what_cannot_be_done_say_why(qtbot, work):
    work.go_to("use")
    assert not work.docks.all["problems"].isVisible()
    work.tell("")
    qtbot.keyClick(work.canvas, Qt.Key.Key_F5)
    assert work.statusBar().currentMessage() == work.actions_["train"].reason != ""
    assert work.docks.all["problems"].isVisible()
    qtbot.keyClick(work.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert work.statusBar().currentMessage() == work.actions_["train"].reason


def test_the_status_bar_sums_up(work):
    assert work._size.text().startswith("3 boxes · 15 parameters")
    before = len(work.document.analysis.problems)
    work.canvas.add_layer("Dense")
    assert work._size.text().endswith(f"· {before + 1} problems")
    assert work.docks.all["problems"].windowTitle() == f"Problems ({before + 1})"
    assert "selected" in work.statusBar().currentMessage()


def test_the_tool_bar_names_the_data_at_once_also_of_an_empty_network(work):
    work.document.edit("Delete", edits.delete(list(work.document.project.graph.nodes)))
    source = Sample(name="penguins")
    work.document.edit("Use", lambda project: project.with_(data=project.data.with_(source=source)))
    assert work.top.data.text() == source.label()
    work.document.undo()
    assert work.top.data.text() != source.label()


def test_f1_shows_the_page_of_what_is_selected(work):
    work.document.select(["dense"])
    work.actions_["manual"].trigger()
    page = work.docks.all["manual"].content
    assert page.name == "layers/Dense"
    assert "fully" in page.toPlainText().lower() or "Every output" in page.toPlainText()
    page.show_name(" ")
    assert "Manual" in page.toPlainText()


def test_f2_renames_the_selected_box(work):
    work.document.select(["dense"])
    work.actions_["rename"].trigger()
    page = work.docks.all["inspector"].content.page
    assert isinstance(page, BoxPage)
    assert page.name.selectedText() == "dense"


def test_themes_switch_at_once_and_are_remembered(work):
    work.actions_["theme.light"].trigger()
    assert tokens() is LIGHT
    assert work.actions_["theme.light"].isChecked()
    assert not work.actions_["theme.dark"].isChecked()
    assert work.settings.preferences.theme == "light"


def test_what_is_dropped_is_opened_or_becomes_data_or_explains_itself(qtbot, work, tmp_path):
    table, picture = tmp_path / "t.csv", tmp_path / "p.xyz"
    table.write_text("a,b\n1,2\n")
    picture.write_text("")
    drop(work, table)
    qtbot.waitUntil(lambda: work.document.project.data.source is not None)
    assert work.document.project.data.source.path == str(table)
    assert work.workspace == "data"
    drop(work, picture)
    assert "p.xyz" in work.notices.texts()[0]
    project = tmp_path / "p.netw"
    save(project, Saved(small_project()))
    work.document.undo_stack.setClean()
    with qtbot.waitSignal(work.document.opened):
        drop(work, project)


def test_of_several_things_that_are_dropped_the_first_is_opened(qtbot, work, tmp_path):
    tables = tmp_path / "one.csv", tmp_path / "two.csv"
    for table in tables:
        table.write_text("a,b\n1,2\n")
    drop(work, *tables)
    qtbot.waitUntil(lambda: work.document.project.data.source is not None)
    assert work.document.project.data.source.path == str(tables[0])
    assert "one.csv" in work.notices.texts()[0]


def drop(window, *paths):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, none)
    window.dropEvent(event)


def test_every_part_of_the_window_has_a_name_for_readers(work):
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit

    for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox):
        for part in work.findChildren(kind):
            if part.focusPolicy() == Qt.FocusPolicy.NoFocus:
                continue
            told = part.accessibleName() or part.toolTip() or (part.text() if isinstance(part, QAbstractButton) else "")
            assert told or part.objectName().startswith("qt_"), (part, part.parent())


def test_about_copies_diagnostics(qtbot, work):
    from app.dialogs.about import AboutDialog, diagnostics

    work.show_about()
    dialog = work.findChild(AboutDialog)
    assert dialog is not None
    assert "numpy" in diagnostics()
    dialog.close()


@pytest.mark.parametrize("beside", ["", "pause", "resume"])
def test_train_stays_in_sight_in_the_smallest_window_whatever_the_data_is_called(qtbot, work, beside):
    work.resize(work.minimumSize())
    work.top.data.setText("the_measurements_of_last_year_without_those_of_july_and_august_as_they_came.csv")
    if beside:
        getattr(work.top, beside).setVisible(True)
    qtbot.waitUntil(lambda: work.top.width() == work.minimumWidth())
    qtbot.waitUntil(lambda: work.top.rect().contains(work.top.train.geometry()) and work.top.train.isVisible())
    for name in ("data", "anything", "train"):
        assert getattr(work.top, name).isVisible()
    assert work.top.data.toolTip().endswith("as_they_came.csv")


def menu_texts(menu):
    return [action.text().replace("&", "") for action in menu.actions() if not action.isSeparator()]


def test_the_menu_of_a_box_a_wire_and_the_ground(work):
    canvas = work.canvas
    work.document.select(list(work.document.project.graph.nodes)[:1])
    box = menu_for(canvas, work.actions_)
    assert {"Rename", "Delete", "Duplicate", "Manual page"} <= set(menu_texts(box))
    work.document.select(work.document.project.graph.nodes)
    assert "Align" in menu_texts(menu_for(canvas, work.actions_))
    work.document.select(())
    assert "Select all" in menu_texts(menu_for(canvas, work.actions_))
    end = next(iter(work.document.project.graph.wires))
    wire = menu_for(canvas, work.actions_, end)
    assert menu_texts(wire) == ["Add a layer into it", "Remove wire"]
    wire.actions()[1].trigger()
    assert end not in work.document.project.graph.wires
    assert work.document.undo_stack.undoText() == "Remove wire"


@pytest.mark.parametrize(
    ("name", "kind", "start"),
    [
        ("net.png", "", b"\x89PNG"),
        ("net.svg", "", b"<?xml"),
        ("net", "PDF page (*.pdf)", b"%PDF"),
    ],
)
def test_the_drawing_leaves_as_a_picture(qtbot, work, tmp_path, monkeypatch, name, kind, start):
    work.document.select(list(work.document.project.graph.nodes))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(tmp_path / name), kind))
    with qtbot.waitSignal(work.files.told):
        work.actions_["export_picture"].trigger()
    written = next(tmp_path.glob("net*"))
    assert written.suffix in (".png", ".svg", ".pdf")
    assert written.read_bytes().startswith(start)
    if written.suffix == ".png":
        image = QImage(str(written))
        assert image.width() > 2 * 176
        assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 5


def test_the_status_bar_forgets_a_selection_that_is_gone(work):
    work.document.select(list(work.document.project.graph.nodes)[:1])
    assert work.statusBar().currentMessage().endswith("selected")
    work.canvas.delete_selected()
    assert work.statusBar().currentMessage() == ""


def test_every_answer_to_the_question_about_changes_has_a_key(work, monkeypatch):
    seen = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: seen.extend(b.text() for b in box.buttons()) or 0)
    work.files._ask()
    assert sorted(seen) == ["&Cancel", "&Discard", "&Save"]
