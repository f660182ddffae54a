import sys
from itertools import product

import pytest
from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPalette

from app import appearance, icons
from app.theme import DARK, LIGHT, contrast, family_colour, on, palette, theme, tokens
from engine.catalog import layers_by_category

TEXTS = ("text", "quiet", "accent", "problem", "warning", "good")
SURFACES = ("window", "panel", "raised", "field", "canvas")


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_text_reads_on_every_surface(colours):
    poor = {
        (text, surface): round(ratio, 2)
        for text, surface in product(TEXTS, SURFACES)
        if (ratio := contrast(QColor(getattr(colours, text)), QColor(getattr(colours, surface)))) < 4.5
    }
    assert not poor


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_text_reads_on_what_is_selected(colours):
    assert contrast(QColor(colours.on_accent), QColor(colours.accent)) >= 4.5
    assert contrast(QColor(colours.text), QColor(colours.selected)) >= 4.5
    assert contrast(QColor(colours.quiet), QColor(colours.selected)) >= 4.5


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_families_read(colours):
    for colour in map(QColor, colours.families.values()):
        assert contrast(colour, QColor(colours.panel)) >= 3
        assert contrast(on(colour), colour) >= 4.5


def test_the_palette_agrees_with_the_tokens():
    made = palette(LIGHT)
    assert made.color(QPalette.ColorRole.WindowText).name() == LIGHT.text
    assert made.color(QPalette.ColorRole.Highlight).name() == LIGHT.accent


def test_a_switch_is_seen_at_once(qapp, qtbot):
    with qtbot.waitSignal(theme().changed):
        appearance.apply("light")
    assert tokens() is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.WindowText).name() == LIGHT.text
    dark_before = icons.icon("play").pixmap(16, 16).toImage()
    appearance.apply("dark")
    assert icons.icon("play").pixmap(16, 16).toImage() != dark_before


def test_an_icon_that_exists_already_follows(qapp):
    held = icons.icon("play")
    dark = held.pixmap(16, 16).toImage()
    appearance.apply("light")
    assert held.pixmap(16, 16).toImage() != dark
    assert held.pixmap(16, 16, QIcon.Mode.Disabled).toImage() != held.pixmap(16, 16).toImage()


def test_icons_survive_copies_and_the_collector(qapp):
    for _ in range(300):
        copy = QIcon(icons.icon("save"))
        copy.addPixmap(icons.badge("Dense"))
        assert not copy.pixmap(16, 16).isNull()


def test_an_icon_without_room_paints_nothing(qapp, qtlog):
    for size in (QSize(0, 16), QSize(16, 0), QSize(0, 0), QSize(-1, -1)):
        assert icons._Lucide("play", "text").pixmap(size, QIcon.Mode.Normal, QIcon.State.Off).isNull()
    assert qtlog.records == []


def test_every_family_has_a_colour_and_a_glyph():
    known = set(layers_by_category()) - {"Missing"}
    assert known <= set(DARK.families)
    assert set(DARK.families) == set(LIGHT.families) == set(icons.FAMILY_ICONS)
    for category in known:
        assert not icons.badge(category).isNull()
        assert family_colour(category).isValid()
    assert len(set(icons.FAMILY_ICONS.values())) == len(icons.FAMILY_ICONS)


def test_letters_are_drawn_as_letters(qapp):
    metrics = QFontMetrics(qapp.font())
    assert metrics.horizontalAdvance("i") != metrics.horizontalAdvance("W")


def test_qt_does_not_lose_references_to_none():
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(200):
        thing.setObjectName("x")
    assert abs(sys.getrefcount(None) - before) < 50
