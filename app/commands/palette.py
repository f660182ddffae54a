"""The command palette (Ctrl+K): type a few letters of anything that can be done, press Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from app.actions import Action, Actions, shortcut_text
from app.icons import icon
from app.theme import scaled_font, tokens

_ACTION = int(Qt.ItemDataRole.UserRole)
WIDTH, ROW = 560, 44


class CommandPalette(QDialog):
    """Lists what matches, best first; what cannot be done now stands last, with the reason."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._actions = actions
        self.setAccessibleName("Do anything")
        self.setFixedWidth(WIDTH)
        self.field = QLineEdit(placeholderText="Do anything…")
        self.field.setAccessibleName("Name of what is to be done")
        self.field.addAction(icon("command", "quiet"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.setMinimumHeight(36)
        self.field.textChanged.connect(self.look_for)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("What can be done")
        self.list.setItemDelegate(_Row(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(self._run)
        self.list.itemClicked.connect(self._run)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.look_for("")

    def open_above(self, window: QWidget) -> None:
        """Show the palette over the upper middle of a window, ready to be typed into."""
        self.field.clear()
        self.look_for("")
        self.move(window.mapToGlobal(QPoint((window.width() - WIDTH) // 2, 84)))
        self.show()
        self.field.setFocus()

    def look_for(self, text: str) -> None:
        """Show the actions that match a text."""
        self.list.clear()
        for action in ranked(self._actions, text):
            item = QListWidgetItem(action.plain_text)
            item.setData(_ACTION, action)
            item.setToolTip(action.reason or action.tip)
            keys = shortcut_text(action)
            spoken = ", ".join(filter(None, [action.plain_text, keys, action.reason or action.tip]))
            item.setData(int(Qt.ItemDataRole.AccessibleTextRole), spoken)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(min(self.list.count(), 9) * ROW + 4)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if event.key() in step:
                last = self.list.count() - 1
                self.list.setCurrentRow(max(0, min(last, self.list.currentRow() + step[Qt.Key(event.key())])))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _run(self, item: QListWidgetItem | None) -> None:
        action = item.data(_ACTION) if item else None
        if action is not None and action.isEnabled():
            self.hide()
            action.trigger()


def ranked(actions: Iterable[Action], text: str) -> list[Action]:
    """Return the actions that match, best first: the word begins, the words occur, the letters occur in order."""
    scored = [(score, action) for action in actions if (score := _score(action, text.lower().strip())) is not None]
    return [action for _, action in sorted(scored, key=lambda pair: pair[0] + (0 if pair[1].isEnabled() else 10))]


def _score(action: Action, text: str) -> int | None:
    name, where = action.plain_text.lower(), f"{action.menu_name} {action.tip}".lower()
    words = text.split()
    if all(any(part.startswith(word) for part in name.split()) for word in words):
        return 0
    if all(word in name for word in words):
        return 1
    if all(word in name or word in where for word in words):
        return 2
    letters = iter(name)
    return 3 if all(letter in letters for letter in text.replace(" ", "")) else None


class _Row(QStyledItemDelegate):
    def sizeHint(self, option: object, index: object) -> QSize:
        return QSize(WIDTH - 40, ROW)

    def paint(self, painter: QPainter, option: object, index: object) -> None:
        action: Action = index.data(_ACTION)  # type: ignore[attr-defined]
        rect: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().selected))
            painter.drawRoundedRect(QRectF(rect).adjusted(0, 1, -2, -1), 6, 6)
        mode = QIcon.Mode.Normal if action.isEnabled() else QIcon.Mode.Disabled
        action.icon().paint(painter, QRect(rect.left() + 10, rect.center().y() - 8, 17, 17), _CENTRE, mode)
        self._texts(painter, rect, action)
        painter.restore()

    def _texts(self, painter: QPainter, rect: QRect, action: Action) -> None:
        quiet = QColor(tokens().quiet)
        painter.setPen(QColor(tokens().text) if action.isEnabled() else quiet)
        painter.drawText(rect.adjusted(40, 5, -110, -20), _LEFT, action.plain_text)
        painter.setPen(quiet)
        painter.drawText(rect.adjusted(0, 0, -12, 0), _RIGHT, shortcut_text(action))
        painter.setFont(scaled_font(11))
        line = painter.fontMetrics().elidedText(
            action.reason or action.tip, Qt.TextElideMode.ElideRight, rect.width() - 130
        )
        painter.drawText(rect.adjusted(40, 22, -80, -4), _LEFT, line)


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_CENTRE = Qt.AlignmentFlag.AlignCenter
