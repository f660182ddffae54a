"""The manual page of what is selected (F1), written from what every layer declares about itself."""

from __future__ import annotations

from html import escape
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QTextBrowser, QWidget

from app.manual.figure import paint_figure
from app.theme import theme, tokens
from engine.catalog import FAMILIES
from engine.manual import FIGURE, figure, html, index
from engine.spec import Spec


class ManualPage(QTextBrowser):
    """Shows one page, or the list of all of them; needs no network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Manual")
        self.setOpenLinks(False)
        self.anchorClicked.connect(lambda url: self.show_name(url.toString()))
        self.name, self._kind = "", None
        theme().changed.connect(self._again)
        self.show_name("")

    def _again(self) -> None:
        self.show_name(self.name)

    def show_name(self, name: str) -> None:
        """Show the page of a declared thing, `layers/Dense`; the list of all for a name that nothing has."""
        family, _, own = name.partition("/")
        self._kind = FAMILIES[family].registry.get(own) if family in FAMILIES else None
        self.name = name if self._kind else ""
        self.document().setDefaultStyleSheet(_style())
        self.setHtml(_page(self._kind) if self._kind else _contents())

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        if QUrl(name).toString() == FIGURE and self._kind:
            return paint_figure(figure(self._kind), self.devicePixelRatioF())
        return super().loadResource(kind, name)


def _page(kind: type[Spec]) -> str:
    return f'<p><a href=" ">All pages</a></p>{html(kind)}'


def _contents() -> str:
    parts, family = ["<h1>Manual</h1>"], ""
    for entry in index():
        if entry.family != family:
            family = entry.family
            parts.append(f"<h2>{escape(family.capitalize())}</h2>")
        parts.append(f'<p><a href="{entry.family}/{entry.name}">{entry.name}</a><br>{escape(entry.title)}</p>')
    return "".join(parts)


def _style() -> str:
    t = tokens()
    return f"""h1 {{ font-size: 18px; }} h2 {{ font-size: 14px; color: {t.quiet}; }}
a {{ color: {t.accent}; text-decoration: none; }} th {{ color: {t.quiet}; text-align: left; padding-right: 12px; }}
td {{ padding: 3px 12px 3px 0; }} code, pre {{ background: {t.raised}; }}
pre {{ white-space: pre-wrap; font-family: Inter; font-size: 14px; }}"""
