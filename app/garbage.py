"""Collects Python's cyclic garbage on the window's thread, and on no other."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 400  # milliseconds


class GarbageCollector(QObject):
    """Takes over from Python's own collector while it lives.

    Python collects on whatever thread happens to allocate. A task's thread would then destroy Qt objects that belong to
    the window's thread, whose timers go on firing at them: a crash.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the oldest generation that is due, as Python would."""
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [level for level, (count, limit) in enumerate(counts) if count > limit]
        if due:
            gc.collect(due[-1])

    def spare(self) -> None:
        """Leave out of all collections to come what there is now: modules and classes, which stay, and are many.

        With them, one collection of the oldest generation holds the window up for 0.06 s.
        """
        gc.freeze()

    def end(self) -> None:
        """Let Python collect by itself again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
