"""What a network says: a class with its probabilities, or a value, beside the truth where it is known."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app.theme import scaled_font
from app.trying.probability_bars import ProbabilityBars
from app.trying.trial import Trial
from engine.data.prepare import Answer
from engine.graph import NodeId

WIDTH = 540  # pixels, at most


class Answers(QScrollArea):
    """One block for each Output: the answer in large letters, the truth, and bars for classes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setAccessibleName("Answers of the network")
        self.blocks: dict[NodeId, tuple[QLabel, QLabel, ProbabilityBars]] = {}
        self.trouble = QLabel(self, wordWrap=True)
        self.trouble.setProperty("problem", True)
        self._rebuild({})

    def show_answers(self, trial: Trial, answers: Mapping[NodeId, Answer], truth: Mapping[NodeId, str]) -> None:
        """Show the answer of every Output; `truth` is what the data says, where the sample comes from it."""
        if self.blocks.keys() != answers.keys():
            self._rebuild(answers)
        self.trouble.hide()
        for node, answer in answers.items():
            said, known, bars = self.blocks[node]
            name = trial.outputs[node].target
            said.setText(f"{name}: {answer.text}")
            known.setText(verdict(answer, truth.get(node, "")))
            bars.setVisible(bool(answer.probabilities))
            bars.show_answer(answer.ranked, truth.get(node, ""))

    def show_trouble(self, text: str) -> None:
        """Say why there is no answer."""
        self._rebuild({})
        self.trouble.setText(text)
        self.trouble.show()

    def _rebuild(self, answers: Mapping[NodeId, Answer]) -> None:
        page = QWidget()
        page.setMaximumWidth(WIDTH)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self.trouble.setParent(page)
        self.blocks = {node: (QLabel(page), QLabel(page), ProbabilityBars(page)) for node in answers}
        column.addWidget(self.trouble)
        for said, known, bars in self.blocks.values():
            said.setFont(scaled_font(18, bold=True))
            said.setWordWrap(True)
            known.setProperty("quiet", True)
            for widget in (said, known, bars):
                column.addWidget(widget)
            column.addSpacing(12)
        column.addStretch(1)
        self.setWidget(page)
        self.trouble.setVisible(False)


def verdict(answer: Answer, truth: str) -> str:
    """Return what a person is told about the truth: in words, not by colour."""
    if not truth:
        return "The truth is not known."
    if answer.probabilities:
        return f"Right: it is {truth}." if answer.text == truth else f"Wrong: it is {truth}."
    return f"The data says {truth}."
