"""Where a window and its parts were, as text that the settings can hold."""

from __future__ import annotations

import base64

from PySide6.QtCore import QByteArray


def to_text(raw: QByteArray) -> str:
    """Return a saved state as text that settings can hold."""
    return base64.b64encode(raw.data()).decode("ascii")


def from_text(text: str) -> QByteArray:
    """Return a saved state; an empty one where the text is none."""
    try:
        return QByteArray(base64.b64decode(text, validate=True))
    except ValueError:
        return QByteArray()
