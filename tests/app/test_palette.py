import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.palette.palette import LayerPalette
from app.palette.rows import CATEGORY, MIME, NAME
from engine.catalog import layers_by_category


@pytest.fixture
def palette(qtbot):
    palette = LayerPalette()
    qtbot.addWidget(palette)
    palette.show()
    return palette


def listed(palette):
    model = palette.found
    families = [model.index(row, 0) for row in range(model.rowCount())]
    return {f.data(): [model.index(i, 0, f).data(NAME) for i in range(model.rowCount(f))] for f in families}


def test_every_layer_is_listed_in_its_family(palette):
    expected = {c: [k.__name__ for k in kinds] for c, kinds in layers_by_category().items() if c != "Missing"}
    assert listed(palette) == expected


def test_search_finds_by_name_family_and_sentence(palette):
    palette.search.setText("dens")
    assert "Dense" in listed(palette)["Dense"]
    palette.search.setText("input output relu")
    assert not listed(palette).get("Dense")
    palette.search.setText("no such layer anywhere")
    assert not listed(palette)
    assert palette._nothing.isVisible()


def test_enter_in_the_search_field_adds_the_first_found(qtbot, palette):
    palette.search.setText("relu")
    first = next(iter(listed(palette).values()))[0]
    with qtbot.waitSignal(palette.chosen) as caught:
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert caught.args == [first]


def test_a_double_click_adds(qtbot, palette):
    palette.search.setText("Dense")
    index = palette.found.index(0, 0, palette.found.index(0, 0))
    with qtbot.waitSignal(palette.chosen) as caught:
        palette.view.doubleClicked.emit(index)
    assert caught.args == [index.data(NAME)]


def test_a_drag_carries_the_name(palette):
    family = palette.found.index(0, 0)
    layer = palette.found.index(0, 0, family)
    assert bytes(palette.found.mimeData([layer]).data(MIME).data()).decode() == layer.data(NAME)
    assert not palette.found.mimeData([family]).hasFormat(MIME)
    assert not family.flags() & Qt.ItemFlag.ItemIsDragEnabled
    assert layer.flags() & Qt.ItemFlag.ItemIsDragEnabled


def test_rows_have_badges_of_their_family(palette):
    family = palette.found.index(0, 0)
    assert family.data(CATEGORY) == palette.found.index(0, 0, family).data(CATEGORY)
    assert not palette.grab().toImage().isNull()


def test_a_click_folds_a_family(palette):
    family = palette.found.index(0, 0)
    palette.view.clicked.emit(family)
    assert not palette.view.isExpanded(family)
