"""The inspector: one page for what is selected, kept as long as it fits, so that typing is never interrupted."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.document import Document
from app.inspector.box_page import BoxPage
from app.inspector.other_pages import ProjectPage, SeveralPage

Page = BoxPage | ProjectPage | SeveralPage
P = TypeVar("P", BoxPage, ProjectPage, SeveralPage)
PAUSE = 900  # milliseconds without an edit after which the next one is an undo step of its own


class Inspector(QScrollArea):
    """Shows the selected box, several boxes, or the project, whose page is kept while it is out of sight."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Inspector")
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(document.end_merge)
        document.selected.connect(lambda _: self._selected())
        document.changed.connect(lambda _before, _after: self._follow())
        document.analysed.connect(lambda _: self._follow())
        self._pages = QWidget(self.viewport())  # not the page itself: it would be styled anew each time
        self._column = QVBoxLayout(self._pages)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self._pages)
        self.page: Page = self._wanted()

    def focus_name(self) -> None:
        """Put the cursor into the name of the selected box, as after F2."""
        if isinstance(self.page, BoxPage):
            self.page.name.setFocus()
            self.page.name.selectAll()

    def _selected(self) -> None:
        self._document.end_merge()
        self._follow()

    def _follow(self) -> None:
        if not self._document.selection <= self._document.project.graph.nodes.keys():
            return  # the document is about to say what is selected now
        if self._fits():
            self.page.follow()
        else:
            self._show(self._wanted())

    def _fits(self) -> bool:
        """Tell whether the page that is shown can go on showing what is selected."""
        chosen, page = self._document.selection, self.page
        if len(chosen) != 1:
            return isinstance(page, ProjectPage if not chosen else SeveralPage)
        (node,) = chosen
        layer = self._document.project.graph.nodes.get(node)
        return isinstance(page, BoxPage) and page.node == node and type(layer) is page.kind

    def _wanted(self) -> Page:
        chosen = self._document.selection
        if not chosen:
            self._project.follow()
            return self._project
        if len(chosen) == 1:
            return self._added(BoxPage(self._document, next(iter(chosen)), self._pages))
        return self._added(SeveralPage(self._document, self._pages))

    @cached_property
    def _project(self) -> ProjectPage:
        return self._added(ProjectPage(self._document, self._pages))

    def _added(self, page: P) -> P:
        page.edited.connect(self._pause.start)
        self._column.addWidget(page)
        return page

    def _show(self, page: Page) -> None:
        old, self.page = self.page, page
        page.show()
        old.hide()
        if not isinstance(old, ProjectPage):
            old.deleteLater()
        self.verticalScrollBar().setValue(0)
