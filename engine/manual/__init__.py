"""The manual: a page for every declared thing, written from what it declares."""

from engine.manual.figure import Figure, figure
from engine.manual.page import FIGURE, Entry, html, index, page, sections

__all__ = ["FIGURE", "Entry", "Figure", "figure", "html", "index", "page", "sections"]
