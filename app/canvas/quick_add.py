"""A small search at the cursor: type, press Enter, and the layer is on the canvas."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.icons import badge
from engine.arrays import Shape
from engine.layer import Layer, ShapeError

FIRST = ("Dense", "Conv2D", "ReLU", "MaxPool2D", "Flatten", "Dropout", "BatchNorm", "Add", "Input", "Output")
"""What people reach for most; among equally good finds these come first. All else follows by name."""


def found(words: str, kinds: Iterable[type[Layer]]) -> list[type[Layer]]:
    """Return the layers that a search finds: by the start of the name, then anywhere in name, family or sentence."""
    wanted = words.casefold().split()
    ranked = [(_rank(kind, wanted), kind.__name__, kind) for kind in kinds]
    return [kind for rank, _, kind in sorted(ranked, key=lambda entry: entry[:2]) if rank[0] < 4]


def _rank(kind: type[Layer], wanted: list[str]) -> tuple[int, int]:
    name, rest = kind.__name__.casefold(), f"{kind.category} {kind.title()}".casefold()
    popular = FIRST.index(kind.__name__) if kind.__name__ in FIRST else len(FIRST)
    worst = max((_miss(word, name, rest) for word in wanted), default=0)
    return worst, popular


def _miss(word: str, name: str, rest: str) -> int:
    """Return how badly a word fits: 0 at the start of the name, 1 inside it, 2 in the rest, 3 with gaps, 4 not at all."""
    if name.startswith(word):
        return 0
    if word in name:
        return 1
    if word in rest:
        return 2
    letters = iter(name)
    return 3 if len(word) > 1 and all(letter in letters for letter in word) else 4


def fitting(source: Shape | None) -> list[type[Layer]]:
    """Return the layers that take a value of this shape at their ports; all that have ports where it is not known."""
    return [kind for kind in Layer.registry.values() if _takes(kind, source)]


def giving() -> list[type[Layer]]:
    """Return the layers that have an output."""
    return [kind for kind in Layer.registry.values() if kind.outputs]


def _takes(kind: type[Layer], shape: Shape | None) -> bool:
    layer = kind()
    ports = layer.ports()
    if not ports or shape is None:
        return bool(ports)
    try:
        layer.shape(*[shape] * len(ports))
    except ShapeError:
        return False
    except Exception:  # a fault in a layer must not take the window down
        return len(ports) > 1
    return True


class QuickAdd(QFrame):
    """Shows the layers that a search finds. `chosen` carries the class; Esc or a click elsewhere closes it."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setProperty("card", True)
        self.setStyleSheet("QListWidget { background: transparent }")
        self.setAccessibleName("Add a layer")
        self.setFixedWidth(300)
        self._kinds: list[type[Layer]] = []
        self.search = QLineEdit(placeholderText="Add a layer…")
        self.search.setAccessibleName("Search layers")
        self.list = QListWidget()
        self.list.setAccessibleName("Layers that fit")
        self.list.setIconSize(QSize(18, 18))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.help = QLabel(wordWrap=True)
        self.help.setProperty("quiet", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for part in (self.search, self.list, self.help):
            column.addWidget(part)
        self.search.textChanged.connect(self._show)
        self.list.currentItemChanged.connect(self._explain)
        self.list.itemClicked.connect(lambda item: self._choose())
        self.search.installEventFilter(self)
        self.hide()

    def offer(self, kinds: list[type[Layer]], at: QPoint) -> None:
        """Open at a place of the parent, kept inside it."""
        self._kinds = kinds
        self.search.setPlaceholderText("Add a layer…")
        self.search.clear()
        self._show("")
        room = self._room.rect().adjusted(8, 8, -8, -8)
        self.setFixedHeight(max(120, min(330, room.height())))
        x = max(room.left(), min(at.x(), room.right() - self.width()))
        y = max(room.top(), min(at.y(), room.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.raise_()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def offer_behind(self, node: str) -> None:
        """Say that what is chosen will follow a box."""
        self.search.setPlaceholderText(f"Add a layer behind {node}…")

    def dismiss(self) -> None:
        """Close without adding anything."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._key(event.key()):
            return True
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut and self._left(event):
            self.dismiss()
        return super().eventFilter(watched, event)

    def _left(self, event: QFocusEvent) -> bool:
        return event.reason() not in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)

    def _key(self, key: int) -> bool:
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self._choose()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + step) % max(1, self.list.count()))
        else:
            return False
        return True

    def _show(self, words: str) -> None:
        self.list.clear()
        for kind in found(words, self._kinds):
            item = QListWidgetItem(QIcon(badge(kind.category)), kind.__name__)
            item.setData(Qt.ItemDataRole.UserRole, kind.__name__)
            item.setToolTip(kind.title())
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        if not self.list.count():
            self.help.setText(f"No layer is found for “{words}”." if words else "No layer takes this shape.")

    def _explain(self, item: QListWidgetItem | None) -> None:
        if item:
            self.help.setText(item.toolTip())

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item:
            kind = Layer.registry[item.data(Qt.ItemDataRole.UserRole)]
            self.hide()
            self.chosen.emit(kind)
