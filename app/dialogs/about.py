"""About the program: its version, what it stands on, and what a report of a mishap should hold."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTextBrowser, QVBoxLayout, QWidget

from app.crash import log_path

LICENCES = (
    ("Netwright", "MIT"),
    ("Qt and PySide6", "LGPL 3"),
    ("NumPy", "BSD"),
    ("ONNX, ONNX Runtime", "Apache 2.0, MIT"),
    ("pyqtgraph, DuckDB, fast-sugiyama, platformdirs", "MIT"),
    ("Pillow", "HPND"),
    ("safetensors", "Apache 2.0"),
    ("msgspec", "BSD"),
    ("Lucide icons", "ISC"),
    ("Inter", "SIL Open Font License 1.1"),
)
_PACKAGES = ("numpy", "PySide6-Essentials", "onnx", "onnxruntime", "duckdb", "pyqtgraph", "safetensors", "msgspec")


class AboutDialog(QDialog):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Netwright")
        self.resize(480, 440)
        title = QLabel(f"Netwright {version('netwright')}")
        title.setProperty("title", True)
        sentence = QLabel("Draw a neural network, train it on your own data, take it away as ONNX. It sends nothing.")
        sentence.setWordWrap(True)
        text = QTextBrowser()
        rows = "".join(f"<tr><td>{name}&nbsp;&nbsp;</td><td>{licence}</td></tr>" for name, licence in LICENCES)
        lines = diagnostics().replace("\n", "<br>")
        text.setHtml(f"<b>Licences</b><table>{rows}</table><p><b>This installation</b><br>{lines}</p>")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("&Copy diagnostics", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(diagnostics()))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for part in (title, sentence, text, buttons):
            column.addWidget(part)


def diagnostics() -> str:
    """Return versions and places, nothing about the person or their work."""
    lines = [
        f"Netwright {version('netwright')}",
        f"Python {sys.version.split()[0]}, Qt {qVersion()}",
        platform.platform(),
    ]
    lines += [f"{name} {version(name)}" for name in _PACKAGES]
    return "\n".join([*lines, f"Log: {log_path()}"])


def version(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(from source)" if package == "netwright" else "missing"
