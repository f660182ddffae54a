"""Editors of whole numbers and of numbers, with sensible steps and the unit behind them."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSpinBox, QToolTip, QWidget

from app.forms.editor import Editor
from engine.spec import Param

_LARGEST = 2**31 - 1


class _Whole(QSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only what has the focus, so that scrolling a form changes nothing."""
        super().wheelEvent(event) if self.hasFocus() else event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        _select_word(self)


class _Real(QDoubleSpinBox):
    """A spin box that reads and writes `1e-3` and steps through the decades where the range spans many."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        _select_word(self)

    def textFromValue(self, value: float) -> str:
        return _text(value)

    def valueFromText(self, text: str) -> float:
        return _number(self._bare(text)) or 0.0

    def validate(self, text: str, position: int) -> Any:
        if text == self.specialValueText() != "":
            return (QValidator.State.Acceptable, text, position)
        bare = self._bare(text)
        number = _number(bare)
        if number is None:
            unfinished = all(letter in "0123456789.,-+eE" for letter in bare)
            return (QValidator.State.Intermediate if unfinished else QValidator.State.Invalid, text, position)
        inside = self.minimum() <= number <= self.maximum()
        return (QValidator.State.Acceptable if inside else QValidator.State.Intermediate, text, position)

    def stepBy(self, steps: int) -> None:
        value = self.value()
        for _ in range(abs(steps)):
            value = _next(value, math.copysign(1, steps), self.minimum(), self.maximum())
        self.setValue(value)

    def _bare(self, text: str) -> str:
        return text.removesuffix(self.suffix()).strip()


def _select_word(box: QSpinBox | QDoubleSpinBox) -> None:
    """Select a word that stands for a number as soon as a click is over: a figure cannot be typed into it, but over it."""
    if box.specialValueText() and box.value() == box.minimum():
        QTimer.singleShot(0, box, box.selectAll)


def _text(value: float) -> str:
    if value and abs(value) < 1e-3:
        mantissa, exponent = f"{value:.6e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:.10g}"


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _next(value: float, direction: float, low: float, high: float) -> float:
    """Return the next round value: 1, 2, 5 in a range of many decades, else a tenth of the value's own decade."""
    if low > 0 and high / low >= 1e4:
        return _next_of_125(value, direction)
    span = min(high - low, 10.0)
    decade = 10 ** math.floor(math.log10(abs(value))) if value else span / 10
    step = min(decade / 10, span / 10)
    return round(value + direction * max(step, span / 1e4), 12)


def _next_of_125(value: float, direction: float) -> float:
    exponent = math.floor(math.log10(value) + 1e-9)
    ladder = [m * 10.0 ** (exponent + e) for e in (-1, 0, 1) for m in (1, 2, 5)]
    above = [v for v in ladder if v > value * (1 + 1e-6)]
    below = [v for v in ladder if v < value * (1 - 1e-6)]
    return float(f"{above[0] if direction > 0 else below[-1]:.3g}")


class NumberEditor(Editor):
    """A whole number or a number between its bounds; what lies outside cannot be entered."""

    def __init__(self, rule: Param, parent: QWidget, *, whole: bool) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box: _Whole | _Real = _whole(rule, self) if whole else _real(rule, self)
        self.box.setSuffix(f" {rule.unit.strip()}" if rule.unit else "")
        self.box.setSpecialValueText(rule.zero if self.box.minimum() == 0 else "")
        self.box.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.box.setMinimumWidth(44)
        self.box.lineEdit().setTextMargins(6, 0, 0, 0)
        self._typed, self._settled, self._last = "", self.box.value(), self.box.value()
        self.box.lineEdit().textEdited.connect(self._type)
        self.box.editingFinished.connect(self._finish)
        self.box.valueChanged.connect(self._note)
        self.box.valueChanged.connect(self.changed.emit)
        row.addWidget(self.box)
        self.setFocusProxy(self.box)

    def value(self) -> Any:
        return self.box.value()

    def show_value(self, value: Any) -> None:
        if value != self.box.value():
            with QSignalBlocker(self.box):
                self.box.setValue(value)
            self._typed = ""
        self._note(value)

    def _note(self, value: Any) -> None:
        if not self._typed:
            self._last = value

    def _type(self, text: str) -> None:
        """Remember what is typed, and the value from before; each letter that makes a number counts at once."""
        if not self._typed:
            self._settled = self._last
        self._typed = text

    def _finish(self) -> None:
        """Go back to the value from before where what was typed is no number within the bounds, and say these."""
        typed, self._typed = self._typed, ""
        state = self.box.validate(typed, len(typed)) if typed else None
        if state is not None and state[0] != QValidator.State.Acceptable:
            box: Any = self.box  # of whole numbers or of others: each takes its own
            box.setValue(self._settled)
            low, high = box.textFromValue(box.minimum()), box.textFromValue(box.maximum())
            place = self.box.mapToGlobal(self.box.rect().bottomLeft())
            QToolTip.showText(place, f"{typed:.20} is not between {low} and {high}.", self.box)
        self._last = self.box.value()


def _whole(rule: Param, parent: QWidget) -> _Whole:
    box = _Whole(parent)
    low, high = (-_LARGEST if rule.min is None else rule.min), (_LARGEST if rule.max is None else rule.max)
    box.setRange(int(max(low, -_LARGEST)), int(min(high, _LARGEST)))
    box.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
    return box


def _real(rule: Param, parent: QWidget) -> _Real:
    box = _Real(parent)
    box.setDecimals(20)
    box.setRange(-1e30 if rule.min is None else rule.min, 1e30 if rule.max is None else rule.max)
    return box
