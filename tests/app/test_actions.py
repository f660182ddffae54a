import pytest
from PySide6.QtGui import QKeySequence

from app.commands.palette import ranked

from .window_parts import make_window, small_project


@pytest.fixture
def window(qtbot, tmp_path):
    return make_window(qtbot, tmp_path)


def test_every_action_has_text_tip_and_icon(window):
    for action in window.actions_:
        assert action.plain_text, action.name
        assert action.statusTip(), action.name
        assert not action.icon().isNull(), action.name
        assert not action.tip.endswith("."), action.name


def test_no_two_actions_share_a_key(window):
    keys = [key.toString() for action in window.actions_ for key in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_a_disabled_action_says_why(window):
    for action in window.actions_:
        assert action.isEnabled() or action.reason.endswith("."), action.name
        if not action.isEnabled():
            assert action.statusTip() == action.reason
            assert action.reason in action.toolTip()


def test_every_action_stands_in_a_menu_and_is_found_by_name(window):
    menus = window.menuBar().actions()
    listed = {name for menu in menus for name in _names(menu.menu())}
    for action in window.actions_:
        assert action.objectName() in listed
        assert action.plain_text in [a.plain_text for a in ranked(window.actions_, action.plain_text)]


def _names(menu):
    for action in menu.actions():
        yield action.objectName()
        if action.menu():
            yield from _names(action.menu())


def test_an_ellipsis_means_a_dialog(window):
    asking = {a.name for a in window.actions_ if a.text().endswith("…")}
    assert asking == {
        "new_from_data",
        "open",
        "save_as",
        "export",
        "train_longer",
        "export_picture",
        "preferences",
        "command_palette",
        "shortcuts",
        "about",
    }


def test_menus_have_mnemonics(window):
    assert all("&" in menu.text() for menu in window.menuBar().actions())


def test_undo_and_redo_are_named(window):
    window.document.open(small_project())
    window.show_work()
    window.canvas.add_layer("ReLU")
    assert window.actions_["undo"].plain_text == "Undo Add ReLU"
    window.actions_["undo"].trigger()
    assert window.actions_["redo"].plain_text == "Redo Add ReLU"
    assert window.actions_["undo"].reason == "There is nothing to undo."


def test_a_key_that_is_taken_moves(window):
    actions = window.actions_
    actions.set_keys("arrange", [QKeySequence("Ctrl+D")])
    assert actions["duplicate"].shortcuts() == []
    assert actions.own_keys() == {"arrange": ["Ctrl+D"], "duplicate": []}
    actions.set_keys("arrange", actions["arrange"].standard)
    actions.set_keys("duplicate", actions["duplicate"].standard)
    assert actions.own_keys() == {}


def test_the_command_palette_finds_runs_and_explains(qtbot, window):
    window.actions_["command_palette"].trigger()
    palette = window.commands
    palette.field.setText("light theme")
    assert palette.list.item(0).text() == "Light theme"
    palette.list.itemActivated.emit(palette.list.item(0))
    assert window.settings.preferences.theme == "light"
    palette.look_for("end the training")
    assert palette.list.item(0).toolTip() == "No training is running."


def test_letters_in_order_are_enough(window):
    assert "Reset layout" in [a.plain_text for a in ranked(window.actions_, "rstlyt")]


def test_shortcuts_window_changes_a_key_at_once(qtbot, window):
    window.show_shortcuts()
    from app.dialogs.shortcuts import ShortcutsDialog

    dialog = window.findChild(ShortcutsDialog)
    assert set(dialog.rows) == {action.name for action in window.actions_}
    _, edit, reset = dialog.rows["arrange"]
    edit.setKeySequence(QKeySequence("Ctrl+Shift+L"))
    edit.editingFinished.emit()
    assert window.actions_["arrange"].shortcut() == QKeySequence("Ctrl+Shift+L")
    assert window.settings.shortcuts == {"arrange": ["Ctrl+Shift+L"]}
    reset.click()
    assert window.settings.shortcuts == {}
    dialog.close()
