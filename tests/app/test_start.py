import subprocess
import sys

import pytest

from app import __main__ as start
from app import screen


def run(*arguments, **environ):
    import os

    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        env=kept | environ,
        check=False,
    )


def one_sentence(done):
    lines = done.stderr.strip().splitlines()
    return len(lines) == 1 and "netwright new" in lines[0] and "netwright train" in lines[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a screen be missing")
def test_without_a_screen_it_says_so_and_names_the_way_without():
    done = run()
    assert done.returncode == 1
    assert one_sentence(done)
    assert "needs a screen" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a screen be missing")
def test_a_display_that_does_not_answer_is_no_abort():
    done = run(DISPLAY=":4711")
    assert done.returncode == 1
    assert one_sentence(done)


def test_missing_libraries_are_named_by_their_packages(monkeypatch):
    monkeypatch.setattr(screen, "_loads", lambda library: library not in ("libEGL.so.1", "libxcb-cursor.so.0"))
    monkeypatch.setattr(screen.sys, "platform", "linux")
    sentence = screen.obstacle({"DISPLAY": ":0"})
    assert "sudo apt-get install libegl1 libxcb-cursor0." in sentence
    assert screen.obstacle({"QT_QPA_PLATFORM": "offscreen"}).count("libxcb") == 0


def test_the_set_up_installs_what_is_looked_for():
    assert {*screen.LIBRARIES.values(), *screen.XCB.values()} <= screen.known_packages()


def test_other_systems_have_a_screen(monkeypatch):
    monkeypatch.setattr(screen.sys, "platform", "darwin")
    assert screen.obstacle({}) is None


def test_two_files_are_one_too_many(capsys):
    assert start.main(["a.netw", "b.netw"]) == 2
    assert "one file at a time" in capsys.readouterr().err


def test_a_file_is_opened_in_a_window(monkeypatch):
    opened = []
    monkeypatch.setattr(screen, "obstacle", lambda: None)
    import app.application

    monkeypatch.setattr(app.application, "run", lambda file: opened.append(file) or 0)
    assert start.main(["a.netw"]) == 0
    assert start.main([]) == 0
    assert opened == ["a.netw", None]


def test_commands_never_load_qt():
    script = "import sys\nfrom app.__main__ import main\ntry:\n main(['--help'])\nexcept SystemExit: pass\n"
    script += "print([m for m in sys.modules if m.startswith('PySide6')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=False)
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stderr


def test_a_word_that_is_neither_a_command_nor_a_file_is_wrong_usage(capsys):
    assert start.main(["trian"]) == 2
    assert "neither a command nor a file" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a screen be missing")
def test_sentences_name_the_command_as_it_was_typed():
    done = run(NETWRIGHT_COMMAND="sh packaging/start.sh")
    assert "sh packaging/start.sh train net.netw" in done.stderr
