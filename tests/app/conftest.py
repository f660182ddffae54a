import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QEvent, QStandardPaths

import engine.catalog  # noqa: F401  (as the window has done by the time that there is a canvas)


@pytest.fixture(scope="session")
def qapp_args():
    from app.appearance import ARGUMENTS

    return ["netwright", *ARGUMENTS]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """Keep every test away from the settings and recovery files of the person who runs it."""
    QStandardPaths.setTestModeEnabled(True)
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.fixture(autouse=True)
def _garbage(qapp):
    """Collect garbage on the window's thread only, as the program does."""
    from app.garbage import GarbageCollector

    garbage = GarbageCollector()
    yield
    garbage.collect()
    garbage.end()


@pytest.fixture(autouse=True)
def _look(qapp):
    """Give every test the program's style, in dark."""
    from app import appearance

    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # windows of the test before, which a switch would restyle
    appearance.prepare(qapp)
    appearance.apply("dark")
