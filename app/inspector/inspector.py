"""The inspector: one page for what is selected, kept as long as it fits, so that typing is never interrupted."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget

from app.document import Document
from app.inspector.box_page import BoxPage
from app.inspector.other_pages import ProjectPage, SeveralPage

Page = BoxPage | ProjectPage | SeveralPage
PAUSE = 900  # milliseconds without an edit after which the next one is an undo step of its own


class Inspector(QScrollArea):
    """Shows the selected box, several boxes, or the project."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Inspector")
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(document.end_merge)
        document.selected.connect(lambda _: self._selected())
        document.changed.connect(lambda _before, _after: self._follow())
        document.analysed.connect(lambda _: self._follow())
        self._show(self._wanted())

    @property
    def page(self) -> Page:
        """The page that is shown."""
        page = self.widget()
        assert isinstance(page, Page)
        return page

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
        if len(chosen) == 1:
            return BoxPage(self._document, next(iter(chosen)), self.viewport())
        return (SeveralPage if chosen else ProjectPage)(self._document, self.viewport())

    def _show(self, page: Page) -> None:
        page.edited.connect(self._pause.start)
        old: QWidget | None = self.takeWidget()
        if old is not None:
            old.deleteLater()
        self.setWidget(page)
