"""Train longer: asks how many epochs more a run that came to its end is to learn."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from engine.project.run import Run
from engine.training.settings import TrainingSettings


class LongerDialog(QDialog):
    """`longer(run)` carries the run as one that was stopped and has the epochs before it that were asked for."""

    longer = Signal(object)

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = run
        self.setWindowTitle("Train longer")
        done = len(run.history.epochs)
        text = (
            f"{run.id} has learnt for {done:,} {'epoch' if done == 1 else 'epochs'}. It goes on with its own network."
        )
        most = int(TrainingSettings.params()["epochs"].max or done) - done
        self.epochs = QSpinBox(self, minimum=1, maximum=max(1, most), value=run.project.training.epochs)
        self.epochs.setGroupSeparatorShown(True)
        self.epochs.selectAll()
        form = QFormLayout()
        form.addRow("&Epochs more", self.epochs)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(14)
        column.addWidget(QLabel(text, self))
        column.addLayout(form)
        column.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        train = buttons.addButton("&Train", QDialogButtonBox.ButtonRole.AcceptRole)
        train.setProperty("primary", True)
        train.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def accept(self) -> None:
        """Say which run is to go on."""
        super().accept()
        self.longer.emit(self.run.longer(self.epochs.value()))
