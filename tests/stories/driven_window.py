"""Starts the real program, which then says on standard output where its parts are, what it does, and how it stutters.

Lines: `AT kind:name x y` for every part that came or moved, in pixels of the screen; `SAY key value` for every state that
changed. After a training, the gaps of the event loop and the work of its thread in each, in milliseconds:
`GAPS count p50 p99 longest` and `WORK count p50 p99 longest`. Nothing is looked for while a training runs.
"""

import sys
import time

import numpy as np
from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QTabBar

from app import application
from app.__main__ import main
from app.palette.rows import NAME
from app.trying.picture import Picture


def clocks():
    """Return the time, and how long this thread has worked: a machine that others keep busy slows only the first."""
    return time.perf_counter(), time.thread_time()


def pixels(point):
    """Return a place of Qt's screen in real pixels."""
    scale = QApplication.primaryScreen().devicePixelRatio()
    return round(point.x() * scale), round(point.y() * scale)


def named(widget):
    if isinstance(widget, QAbstractButton):
        kind = "workspace" if widget.property("segment") else "button"
        return f"{kind}:{(widget.accessibleName() or widget.text()).replace('&', '')}"
    if isinstance(widget, QComboBox):
        return f"choice:{widget.accessibleName()}"
    if isinstance(widget, QLineEdit):
        return f"field:{widget.accessibleName()}"
    return "picture:image" if isinstance(widget, Picture) else ""


def widgets():
    """Yield every part that can be pressed, in whatever window is open."""
    for top in QApplication.topLevelWidgets():
        for widget in top.findChildren(QObject):
            if not getattr(widget, "isVisible", bool)() or not hasattr(widget, "visibleRegion"):
                continue
            if isinstance(widget, QTabBar):
                for i in range(widget.count()):
                    yield f"tab:{widget.tabText(i).split(' (')[0]}", widget.mapToGlobal(widget.tabRect(i).center())
            elif named(widget)[-1:] not in ("", ":") and not widget.visibleRegion().isEmpty():
                yield named(widget), widget.mapToGlobal(widget.rect().center())


class Driven(application.Window):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.said, self.ticks = {}, []
        self.looker = QTimer(self, interval=150)
        self.looker.timeout.connect(self.look)
        self.painted.connect(lambda: print(f"PAINTED {time.time():.3f} {time.process_time():.3f}", flush=True))
        self.whole.connect(self.begin)
        self.probe = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self.probe.timeout.connect(self.beat)

    def begin(self):
        self.trainer.session.checkpointed.connect(lambda kept: print("SAY checkpoint", kept.epoch, flush=True))
        self.trainer.session.state_changed.connect(self.measure)
        self.looker.start()

    def measure(self, state):
        running = state in ("running", "paused", "stopping")
        if running == self.probe.isActive():
            return
        if running:
            self.ticks = [clocks()]
            self.probe.start()
            return
        self.probe.stop()
        gaps = np.diff(self.ticks, axis=0) * 1000
        for name, column in () if len(gaps) < 2 else zip(("GAPS", "WORK"), gaps.T, strict=True):
            figures = np.median(column), np.percentile(column, 99), column.max()
            print(name, len(column), *(f"{figure:.1f}" for figure in figures), flush=True)

    def beat(self):
        self.ticks.append(clocks())

    def look(self):
        """Print what differs from the last look."""
        lines = {"SAY state": self.trainer.state, "SAY worker": str(self.trainer.session.pid or "")}
        if self.trainer.state == "idle":
            lines |= self.states()
            for name, point in [*widgets(), *self.layers(), *self.boxes()]:
                key = f"AT {name.replace(' ', '_')}"
                while key in lines:  # the second of the same name
                    key += "+"
                lines[key] = "{} {}".format(*pixels(point))
        for key, value in lines.items():
            if self.said.get(key) != value:
                print(key, value, flush=True)
        self.said |= lines

    def states(self):
        document, dialog = self.document, QApplication.activeModalWidget()
        labels = dialog.findChildren(QLabel) if dialog else []
        return {
            "SAY runs": str(len(document.runs)),
            "SAY title": self.windowTitle() + ("" if self.isWindowModified() else " unchanged"),
            "SAY problems": str(len(document.analysis.problems)),
            "SAY data": self.data.read.source.label() if self.data.read else "",
            "SAY error": self.data.error or self.data.refused,
            "SAY status": self.statusBar().currentMessage(),
            "SAY notice": " | ".join(self.notices.texts()),
            "SAY dialog": " | ".join(label.text() for label in labels if label.isVisible()),
            "SAY answer": self.answer(),
        }

    def answer(self):
        panel = self.docks.all["try"].content
        return " ".join(said.text() for said, _, _ in panel.answers.blocks.values()) if panel else ""

    def layers(self):
        palette = self.docks.all["layers"].content
        if palette is None or not palette.isVisible():
            return
        model, view = palette.found, palette.view
        for family in range(model.rowCount()):
            above = model.index(family, 0)
            for row in range(model.rowCount(above)):
                index = model.index(row, 0, above)
                rect = view.visualRect(index)
                if view.viewport().rect().contains(rect.center()):
                    yield f"layer:{index.data(NAME)}", view.viewport().mapToGlobal(rect.center())

    def boxes(self):
        if self.on_welcome:
            return
        view = self.canvas.viewport()
        yield "canvas:left", view.mapToGlobal(QPoint(0, 0))
        yield "canvas:right", view.mapToGlobal(QPoint(view.width(), view.height()))
        place = lambda point: view.mapToGlobal(self.canvas.mapFromScene(point))  # noqa: E731
        for node, item in self.canvas.boxes.nodes.items():
            yield f"box:{node}", place(QRect(item.body().toRect()).center())
            for port in item.inputs:
                yield f"in:{node}.{port}", place(item.input_point(port))
            for port in item.outputs:
                yield f"out:{node}.{port}", place(item.output_point(port))


application.Window = Driven

if __name__ == "__main__":
    sys.exit(main())
