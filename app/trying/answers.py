"""What a network says: a class with its probabilities, or a value, beside the truth where it is known."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.theme import scaled_font
from app.trying.probability_bars import ProbabilityBars
from app.trying.trial import Trial
from engine.data.prepare import Answer
from engine.graph import NodeId


class Answers(QWidget):
    """One block for each Output: the answer in large letters, the truth, and bars for classes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.blocks: dict[NodeId, tuple[QLabel, QLabel, ProbabilityBars]] = {}

    def show_answers(self, trial: Trial, answers: Mapping[NodeId, Answer], truth: Mapping[NodeId, str]) -> None:
        """Show the answer of every Output; `truth` is what the data says, where the sample comes from it."""
        if self.blocks.keys() != answers.keys():
            self._rebuild(answers)
        for node, answer in answers.items():
            said, known, bars = self.blocks[node]
            said.setText(f"{trial.outputs[node].target}: {answer.text}")
            known.setText(self._verdict(answer, truth.get(node, "")))
            bars.setVisible(bool(answer.probabilities))
            bars.show_answer(answer.ranked, truth.get(node, ""))

    def _verdict(self, answer: Answer, truth: str) -> str:
        if not truth:
            return "The truth is not known."
        if answer.probabilities:
            return f"Right: it is {truth}." if answer.text == truth else f"Wrong: it is {truth}."
        return f"The data says {truth}."

    def _rebuild(self, answers: Mapping[NodeId, Answer]) -> None:
        for widget in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            widget.deleteLater()
        while self.column.takeAt(0):
            pass
        self.blocks = {node: (QLabel(self), QLabel(self), ProbabilityBars(self)) for node in answers}
        for said, known, bars in self.blocks.values():
            said.setFont(scaled_font(18, bold=True))
            known.setProperty("quiet", True)
            for widget in (said, known, bars):
                self.column.addWidget(widget)
        self.column.addStretch(1)
