"""The registry of panels: one line makes a panel part of the window, its menu, its layout and its workspaces.

A panel of your own: write `make_x(context, parent) -> QWidget` in your package and add one `Panel(...)` to `PANELS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from app.actions import Actions
    from app.canvas.canvas import Canvas
    from app.dataset import ProjectData
    from app.document import Document
    from app.files import Files
    from app.preferences import Settings
    from app.runs.panel import RunsPanel
    from app.trainer import Trainer
    from engine.project.run import Run

Area = Literal["left", "right", "bottom"]


@dataclass
class Context:
    """What a panel may use. `tell` writes a sentence into the status bar, `notify` one that asks for attention;
    `show_panel` brings a panel to the front by its name; `export` asks where a run is to be exported to; `go_on` takes up
    a run that was stopped, `train_longer` asks for how many epochs one is to learn on.
    """

    document: Document
    actions: Actions
    settings: Settings
    canvas: Canvas
    files: Files
    data: ProjectData
    trainer: Trainer
    tell: Callable[[str], None]
    notify: Callable[..., None]
    show_panel: Callable[[str], None]
    export: Callable[[Run], None]
    go_on: Callable[[Run], None]
    train_longer: Callable[[Run], None]
    shared: dict[str, Any] = field(default_factory=dict)  # widgets by panel name, once they are made


@dataclass(frozen=True)
class Panel:
    """A dock of the window. It is made when it is first seen; one that takes long yields None between its parts, itself last.

    `workspaces` are those in which it is open, `front` those in which it is the foremost of its tabs.
    """

    name: str
    title: str
    icon: str
    area: Area
    make: Callable[[Context, QWidget], QWidget | Iterator[QWidget | None]]
    workspaces: tuple[str, ...] = ()
    front: tuple[str, ...] = ()
    width: int = 0  # at least, when it is asked for


@dataclass(frozen=True)
class Workspace:
    """An arrangement of the same docks for one kind of work."""

    name: str
    title: str
    icon: str
    tip: str


WORKSPACES = (
    Workspace("data", "Data", "database", "Look at the data and say what is read and what is predicted"),
    Workspace("build", "Build", "hammer", "Draw the network"),
    Workspace("train", "Train", "chart-line", "Watch the network learn"),
    Workspace("use", "Use", "wand-sparkles", "Try the trained network and take it away"),
)


def _layers(context: Context, parent: QWidget) -> QWidget:
    from app.palette.palette import LayerPalette

    palette = LayerPalette(parent)
    palette.chosen.connect(context.canvas.add_layer)
    return palette


def _inspector(context: Context, parent: QWidget) -> QWidget:
    from app.inspector.inspector import Inspector

    return Inspector(context.document, parent)


def _problems(context: Context, parent: QWidget) -> QWidget:
    from app.problems.panel import ProblemsPanel

    panel = ProblemsPanel(context.document, parent)
    panel.went.connect(context.canvas.show_node)
    return panel


def _outline(context: Context, parent: QWidget) -> QWidget:
    from app.outline.panel import OutlinePanel

    panel = OutlinePanel(context.document, parent)
    panel.went.connect(context.canvas.show_node)
    return panel


def _manual(context: Context, parent: QWidget) -> QWidget:
    from app.manual.page import ManualPage

    return ManualPage(parent)


def _curves(context: Context, parent: QWidget) -> Iterator[QWidget | None]:
    from app.training.follow import follow
    from app.training.panel import TrainingPanel

    yield None  # pyqtgraph may have had to be loaded
    panel = TrainingPanel(parent)
    for _ in panel.build():
        yield None
    yield follow(panel, context.trainer, context.document)


def _data(context: Context, parent: QWidget) -> QWidget:
    from app.data.panel import DataPanel

    return DataPanel(context.document, context.data, parent)


def _runs(context: Context, parent: QWidget) -> QWidget:
    from app.runs.panel import RunsPanel

    panel = RunsPanel(context.document, parent)
    panel.exported.connect(context.export)
    panel.resumed.connect(context.go_on)
    panel.lengthened.connect(context.train_longer)
    context.trainer.changed.connect(lambda: panel.show_training(context.trainer.state != "idle"))
    panel.show_training(context.trainer.state != "idle")
    panel.shown.connect(partial(_show_run, context))
    panel.removed.connect(partial(_offer_back, context, panel))
    return panel


def _offer_back(context: Context, panel: RunsPanel, run: Run) -> None:
    context.notify(f"{run.id} was removed.", (("&Bring it back", partial(panel.bring_back, run)),))


def _show_run(context: Context, run: Run) -> None:
    from app.training.follow import show_run

    if not context.trainer.session.busy:
        context.show_panel("curves")  # which makes it, if need be
        show_run(context.shared["curves"], run)


def _settings(context: Context, parent: QWidget) -> QWidget:
    from app.training.settings import TrainingForm

    return TrainingForm(context.document, parent)


def _try(context: Context, parent: QWidget) -> QWidget:
    from app.trying.asker import Asker
    from app.trying.panel import TryPanel

    panel = TryPanel(parent)
    Asker(panel, context.document, context.data, context.tell)
    return panel


PANELS: tuple[Panel, ...] = (
    Panel("layers", "Layers", "layers", "left", _layers, ("build",)),
    Panel("inspector", "Inspector", "sliders-horizontal", "right", _inspector, ("build", "train")),
    Panel("settings", "Training", "dumbbell", "right", _settings, ("train",), front=("train",)),
    Panel("manual", "Manual", "book-open", "right", _manual, width=440),
    Panel("curves", "Curves", "chart-line", "bottom", _curves, ("build", "train"), front=("train",)),
    Panel("problems", "Problems", "triangle-alert", "bottom", _problems, ("data", "build", "train"), front=("build",)),
    Panel("data", "Data", "database", "bottom", _data, ("data", "build"), front=("data",)),
    Panel("runs", "Runs", "history", "bottom", _runs, ("build", "train", "use")),
    Panel("outline", "Outline", "list-tree", "bottom", _outline, ("build",)),
    Panel("try", "Try it", "wand-sparkles", "bottom", _try, ("use",), front=("use",)),
)


def available(panels: tuple[Panel, ...] = PANELS) -> tuple[Workspace, ...]:
    """Return the workspaces that have a panel."""
    return tuple(space for space in WORKSPACES if any(space.name in panel.workspaces for panel in panels))
