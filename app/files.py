"""New, open, save and recover: what the window does with project files, always off its own thread."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app import tasks
from app.document import Document
from app.preferences import Settings
from app.replacing import Stamp, ask_about_change, ask_first, stamp
from engine.files import atomic_write
from engine.project.file import SUFFIX, load, save
from engine.project.project import Project
from engine.project.recovery import Recovery, discard, list_recoveries, release, write_recovery
from engine.project.run import Saved

FILTER = f"Netwright projects (*{SUFFIX})"
PICTURES = {"PNG picture (*.png)": ".png", "SVG drawing (*.svg)": ".svg", "PDF page (*.pdf)": ".pdf"}
RECOVERY_AFTER = 1000  # milliseconds from a change until its copy is being written

Then = Callable[[], Any]


class Files(QObject):
    """Joins a document to files.

    `told` carries a sentence for the status bar, `failed` one that asks for attention, `recent_changed` that the list of
    recent files is another, `found` the work that a program which ended left behind.
    """

    told = Signal(str)
    failed = Signal(str)
    recent_changed = Signal()
    found = Signal(object)
    shown = Signal()

    def __init__(self, document: Document, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._settings, self._window = document, settings, window
        self._shown = 0  # projects that came after one another
        self._stamp: Stamp = None  # of the file as it was opened or saved here
        self._writing = 0  # saves that are under way
        self.preview: Callable[[], bytes] = bytes
        self.picture: Callable[[str], bytes] = lambda suffix: b""
        self.end_training: Callable[[Then], None] = lambda then: then()
        self.recovery = _Recovery(document, self)
        self.recovery.failed.connect(self.failed.emit)
        self._settings_timer = QTimer(self, singleShot=True, interval=300)
        self._settings_timer.timeout.connect(self._write_settings)

    # What the actions do

    def new(self) -> None:
        """Begin an empty project, once the person has said what becomes of the one that is open."""
        self.leave(lambda: self._show(Project(), None, ()))

    def begin(self, project: Project) -> None:
        """Show a project that lies in no file yet."""
        self._show(project, None, ())
        self._document.mark_modified()
        self.recovery.resume()

    def new_then(self, then: Then) -> None:
        """Begin an empty project and call `then`, once the person has agreed."""

        def clear() -> None:
            self._show(Project(), None, ())
            then()

        self.leave(clear)

    def end(self) -> None:
        """Write what is still to be written, as the window closes, and wait for it."""
        self.recovery.timer.stop()
        self._settings_timer.stop()
        self._write_settings()
        tasks.finish()

    def open_dialog(self) -> None:
        """Ask for a project file and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a project", self._folder(), FILTER)
        if name:
            self.open(Path(name))

    def open(self, path: Path, *, as_copy: bool = False) -> None:
        """Open a project file; `as_copy` forgets where it came from, as for an example."""
        self.leave(lambda: self._load(path, as_copy))

    def save(self, then: Then | None = None) -> None:
        """Save where the project lies, or ask where; `then` is called once it lies safely on the disk."""
        path, shown, known = self._document.path, self._shown, self._stamp
        if path is None:
            self.save_as(then)
            return

        def found(now: Stamp) -> None:
            if shown == self._shown:
                self._save_over(path, now in (None, known, self._stamp), then)

        tasks.start(lambda _: stamp(path), found, self.failed.emit, self)

    def _save_over(self, path: Path, ours: bool, then: Then | None) -> None:
        """Save where the project lies, unless what lies there is not what was opened or saved here."""
        expected = ours or self._stamp is None or self._writing > 0
        answer = "replace" if expected else ask_about_change(self._window, path)
        if answer == "replace":
            self._save(path, then)
        elif answer:
            self.save_as(then)

    def save_as(self, then: Then | None = None) -> None:
        """Ask for a file and save there."""
        start = self._document.path or Path(self._folder()) / f"{self._document.title}{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the project", str(start), FILTER)
        if name:
            self._save_in(Path(name), then)

    def export_picture(self) -> None:
        """Ask for a file and write a picture of the network there."""
        start = Path(self._folder()) / f"{self._document.title}.png"
        name, kind = QFileDialog.getSaveFileName(self._window, "Export a picture", str(start), ";;".join(PICTURES))
        path = Path(name)
        if not name:
            return
        if path.suffix.lower() in PICTURES.values():
            self._write_picture(path)
        else:  # about a name without its ending the file dialog has not asked
            whole = path.with_name(path.name + PICTURES.get(kind, ".png"))
            ask_first(self._window, whole, lambda: self._write_picture(whole))

    def _write_picture(self, path: Path) -> None:
        content = self.picture(path.suffix.lower())
        done = f"Wrote {path.name} into {path.parent}."
        tasks.start(lambda _: atomic_write(path, content), lambda _: self.told.emit(done), self.failed.emit, self)

    def leave(self, then: Then) -> None:
        """Call `then` once nothing would be lost by it: at once, after a save, after Discard, or never.

        First `end_training` says what becomes of a training, for its run is among what is saved.
        """
        self.end_training(lambda: self._leave(then))

    def _leave(self, then: Then) -> None:
        if not self._document.is_modified:
            self.recovery.drop()
            then()
            return
        answer = self._ask()
        if answer == QMessageBox.StandardButton.Save:
            self.save(lambda: self._leave(then))  # asks again about what was changed meanwhile
        elif answer == QMessageBox.StandardButton.Discard:
            self.recovery.drop()
            then()

    # Recovery

    def look_for_recoveries(self) -> None:
        """Find out, off the window's thread, what was left behind; `found` tells of it."""
        tasks.start(lambda _: list_recoveries(), self._found, self.failed.emit)

    def _found(self, left: tuple[Recovery, ...]) -> None:
        if left:
            self.found.emit(left)

    def recover(self, recovery: Recovery) -> None:
        """Show work that was left behind; it counts as not saved."""
        tasks.start(lambda _: recovery.open(), lambda saved: self._recovered(recovery, saved), self.failed.emit, self)

    def forget(self, recovery: Recovery) -> None:
        """Delete work that was left behind, as the person wishes."""
        tasks.start(lambda _: discard(recovery.key), failed=self.failed.emit)

    def keep(self, recovery: Recovery) -> None:
        """Leave it where it is, to be offered again at the next start."""
        release(recovery.key)

    def remember_settings(self) -> None:
        """Write the settings a moment from now."""
        self._settings_timer.start()

    # How

    def _ask(self) -> QMessageBox.StandardButton:
        box, button = QMessageBox(self._window), QMessageBox.StandardButton
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(f"Save the changes to {self._document.title}?")
        box.setInformativeText("Otherwise they are lost.")
        box.setStandardButtons(button.Save | button.Discard | button.Cancel)
        for one in (button.Save, button.Discard, button.Cancel):
            box.button(one).setText(f"&{one.name}")  # else one has a mnemonic here and none there
        box.setDefaultButton(button.Save)
        return button(box.exec())

    def _load(self, path: Path, as_copy: bool) -> None:
        project, runs = self._document.project, self._document.runs

        def show(written: Stamp, saved: Saved) -> None:
            self._stamp = written
            self._show(saved.project, None if as_copy else path, saved.runs)
            if not as_copy:
                self._remember(path)
            self.told.emit(f"Opened {path.name}.")

        def done(found: tuple[Stamp, Saved]) -> None:
            if self._document.project is project and self._document.runs is runs:
                show(*found)
            else:  # it was changed while the other was read
                self.leave(lambda: show(*found))

        def failed(sentence: str) -> None:
            self.recovery.resume()
            self.failed.emit(sentence)

        tasks.start(lambda _: (stamp(path), load(path)), done, failed, self)

    def _save_in(self, path: Path, then: Then | None) -> None:
        """Save where the person said, with our ending. About a name without it the file dialog has not asked."""
        if path.suffix.lower() == SUFFIX:
            self._save(path, then)
            return
        whole = path.with_name(path.name + SUFFIX)
        ask_first(self._window, whole, lambda: self._save(whole, then))

    def _save(self, path: Path, then: Then | None) -> None:
        saved, shown = Saved(self._document.project, self._document.runs, self.preview()), self._shown
        self._writing += 1

        def write(_: object) -> Stamp:
            save(path, saved)
            return stamp(path)

        def done(written: Stamp) -> None:
            self._writing -= 1
            if shown == self._shown:  # else another project is open by now, which has its own file
                self._stamp = written
                self._saved(path, saved)
            self._remember(path)
            self.told.emit(f"Saved {path.name}.")
            if then:
                then()

        def failed(sentence: str) -> None:
            self._writing -= 1
            self.failed.emit(sentence)

        tasks.start(write, done, failed, self)

    def _saved(self, path: Path, saved: Saved) -> None:
        if self._document.project is saved.project and self._document.runs is saved.runs:
            self._document.mark_saved(path)
            self.recovery.drop()
        else:  # it was changed while it was written
            self._document.path = path
            self._document.titled.emit()

    def _show(self, project: Project, path: Path | None, runs: Any) -> None:
        self._shown += 1
        self._document.open(project, path, runs)
        self.recovery.renew()
        self.shown.emit()

    def _recovered(self, recovery: Recovery, saved: Saved) -> None:
        self._stamp = None
        self._show(saved.project, recovery.original, saved.runs)
        self._document.mark_modified()
        self._document.titled.emit()
        self.recovery.take_over(recovery.key)
        self.told.emit("Your unsaved work is back. Save it to keep it.")

    def _remember(self, path: Path) -> None:
        self._settings.remember(path)
        self.recent_changed.emit()
        self.remember_settings()

    def _write_settings(self) -> None:
        tasks.start(lambda _: self._settings.save(), failed=self.failed.emit)

    def _folder(self) -> str:
        path = self._document.path or next((Path(text) for text in self._settings.recent), None)
        return str(path.parent if path else Path.home())


class _Recovery(QObject):
    """Keeps a copy of unsaved work on the disk, at most two seconds old."""

    failed = Signal(str)

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self.wanted = document, True
        self.key = secrets.token_hex(8)
        self._busy, self._unwanted, self._told = False, False, False
        self.timer = QTimer(self, singleShot=True, interval=RECOVERY_AFTER)
        self.timer.timeout.connect(self._write)
        document.changed.connect(lambda _before, _after: self._soon())
        document.runs_changed.connect(self._soon)

    def drop(self) -> None:
        """Delete the copy: the work is saved, or the person does not want it."""
        self.timer.stop()
        self._unwanted = True
        if not self._busy:
            key = self.key
            tasks.start(lambda _: discard(key))

    def resume(self) -> None:
        """Keep the copy again: what was to take the place of the work did not come."""
        if self._document.is_modified:
            self._soon()

    def renew(self) -> None:
        """Begin with a copy of its own for another project."""
        self.timer.stop()
        self.key = secrets.token_hex(8)

    def take_over(self, key: str) -> None:
        """Go on writing over the copy that was opened."""
        self.timer.stop()
        self.key, self._unwanted = key, False

    def _soon(self) -> None:
        if self.wanted and not self.timer.isActive():
            self.timer.start()

    def _write(self) -> None:
        if not self._document.is_modified:
            return
        if self._busy:
            self.timer.start()
            return
        self._busy, self._unwanted = True, False
        saved = Saved(self._document.project, tuple(self._document.runs))
        key, original = self.key, self._document.path
        tasks.start(
            lambda _: write_recovery(key, saved, original), lambda _: self._written(key, ""), self._not_written, self
        )

    def _not_written(self, sentence: str) -> None:
        self._written(self.key, "" if self._told else sentence)
        self._told = True

    def _written(self, key: str, problem: str) -> None:
        self._busy = False
        if problem:
            self.failed.emit(problem)
        if self._unwanted or key != self.key:
            tasks.start(lambda _: discard(key))
