import json
import os

import pytest

from app import preferences
from app.theme import LIGHT, tokens
from engine.problems import UserError

from .window_parts import make_window


def test_settings_survive_a_restart(tmp_path):
    settings = preferences.load(tmp_path / "deep" / "settings.json")
    assert settings.problem == ""
    settings.preferences = settings.preferences.with_(theme="light", recovery=False)
    settings.remember(tmp_path / "a.netw")
    settings.shortcuts["save"] = ["Ctrl+S"]
    settings.layout["docks"] = "abc="
    settings.save()
    again = preferences.load(settings.path)
    assert again == settings


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"preferences": 3}', '{"preferences": {"type": "Preferences", "theme": "pink"}}', '{"recent": 5}'],
)
def test_corrupt_settings_give_defaults_and_a_sentence(tmp_path, text):
    path = tmp_path / "settings.json"
    path.write_text(text)
    settings = preferences.load(path)
    assert settings.preferences == preferences.Preferences()
    assert settings.recent == []
    assert "could not be read" in settings.problem


def test_a_new_program_keeps_copies_of_unsaved_work_and_its_settings_where_the_system_has_them(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = preferences.load()
    assert settings.preferences.recovery
    assert not settings.preferences.reopen
    assert settings.path == preferences.default_path()
    if os.name == "posix" and os.uname().sysname == "Linux":
        assert settings.path == tmp_path / "config" / "netwright" / "settings.json"


def test_settings_that_cannot_be_written_say_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"The settings could not be saved in .*file: "):
        preferences.Settings(tmp_path / "file" / "settings.json").save()


def test_recent_files_are_newest_first_and_few(tmp_path):
    settings = preferences.Settings(tmp_path / "s.json")
    for number in range(20):
        settings.remember(tmp_path / f"{number}.netw")
    settings.remember(tmp_path / "15.netw")
    assert [text.rsplit("/", 1)[-1] for text in settings.recent[:2]] == ["15.netw", "19.netw"]
    assert len(set(settings.recent)) == len(settings.recent) == preferences.RECENT


def test_the_dialog_acts_at_once_and_is_searched(qtbot, tmp_path):
    window = make_window(qtbot, tmp_path)
    window.show_preferences()
    from app.dialogs.preferences import PreferencesDialog

    dialog = window.findChild(PreferencesDialog)
    box = dialog.form.editor("theme").box
    box.setCurrentIndex(box.findData("light"))
    box.activated.emit(box.currentIndex())
    assert tokens() is LIGHT
    dialog.search.setText("power cut")
    assert not dialog.form.rows["theme"].isVisible()
    assert dialog.form.rows["recovery"].isVisible()
    dialog.close()
    qtbot.waitUntil(window.settings.path.exists)
    assert json.loads(window.settings.path.read_text())["preferences"]["theme"] == "light"


@pytest.mark.parametrize(
    ("scale", "before", "after"), [("150 %", None, "1.5"), ("100 %", None, None), ("200 %", "1", "1")]
)
def test_everything_is_drawn_larger_from_the_next_start_on(monkeypatch, scale, before, after):
    from app.application import enlarge

    monkeypatch.delenv("QT_SCALE_FACTOR", raising=False)
    if before:
        monkeypatch.setenv("QT_SCALE_FACTOR", before)
    enlarge(scale)
    found = os.environ.pop("QT_SCALE_FACTOR", None)
    assert found == after
