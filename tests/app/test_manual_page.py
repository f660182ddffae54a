"""The manual in the window: each page has its own name, and a figure in the colours of the theme."""

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument

from app import appearance
from app.manual.page import ManualPage
from engine.manual import FIGURE, index

IMAGE = QTextDocument.ResourceType.ImageResource


@pytest.fixture
def page(qtbot):
    found = ManualPage()
    qtbot.addWidget(found)
    return found


def picture(page):
    """Return the figure as the page has it."""
    found = page.document().resource(IMAGE.value, QUrl(FIGURE))
    assert isinstance(found, QImage)
    return found


def test_one_name_in_two_families_has_two_pages(page):
    page.show_name("layers/Identity")
    assert "Hands its values on" in page.toPlainText()
    page.anchorClicked.emit(QUrl("initializers/Identity"))
    assert page.name == "initializers/Identity"
    assert "begins as a copy" in page.toPlainText()


@pytest.mark.parametrize("name", ["", " ", "Dense", "layers/", "layers/None", "cellars/Dense"])
def test_a_name_that_nothing_has_shows_all_pages(page, name):
    page.show_name("layers/Dense")
    page.show_name(name)
    assert page.name == ""
    assert page.toPlainText().startswith("Manual")


def test_every_page_of_the_list_can_be_opened(page):
    for entry in index():
        page.show_name(f"{entry.family}/{entry.name}")
        assert page.toPlainText().count(entry.name) >= 1
        assert page.name


def test_a_figure_belongs_to_its_page(page):
    page.show_name("layers/Dense")
    dense = picture(page)
    page.show_name("layers/Add")
    add = picture(page)
    assert add.height() > dense.height()  # two inputs, one under the other
    page.show_name("layers/Dense")
    assert picture(page) == dense


def test_a_figure_follows_the_theme(page):
    page.show_name("layers/Conv2D")
    seen = []
    for choice in ("dark", "light", "dark"):
        appearance.apply(choice)
        seen.append(picture(page))
    assert seen[0] == seen[2] != seen[1]
