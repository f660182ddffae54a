"""Pages of the manual as Markdown and as HTML, written from what a thing declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from engine import proofs
from engine.catalog import FAMILIES, family_of
from engine.layer import Layer
from engine.loss import Loss
from engine.manual.elsewhere import elsewhere
from engine.manual.figure import Figure, ends, figure, figure_of
from engine.manual.text import text
from engine.spec import Param, Spec, exact, is_group

FIGURE, FORMULA = "figure", "Formula"
Table = tuple[tuple[str, ...], ...]  # the first row is the head


@dataclass(frozen=True)
class Section:
    """A part of a page: a heading ("" for none), paragraphs ("" is left out), a figure, and a table (may be empty)."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    table: Table = ()
    figure: Figure | None = None

    @property
    def empty(self) -> bool:
        return not (any(self.paragraphs) or self.table or self.figure)


@dataclass(frozen=True)
class Entry:
    """One line of the index."""

    family: str
    category: str
    name: str
    title: str


def index() -> tuple[Entry, ...]:
    """Return a line for every entry of every family, sorted by family, category and name."""
    entries = (
        Entry(family, kind.category, name, kind.title())
        for family, base in FAMILIES.items()
        for name, kind in base.registry.items()
    )
    return tuple(sorted(entries, key=lambda entry: (list(FAMILIES).index(entry.family), entry.category, entry.name)))


def page(kind: type[Spec]) -> str:
    """Return the manual page of a declared thing as Markdown."""
    lines = [f"# {kind.__name__}"]
    for section in _told(kind):
        lines += ["", f"## {section.heading}"] if section.heading else []
        for paragraph in filter(None, (*section.paragraphs, str(section.figure or ""))):
            lines += ["", paragraph]
        lines += ["", *_markdown_table(section.table)] if section.table else []
    return "\n".join(lines) + "\n"


def html(kind: type[Spec]) -> str:
    """Return the same page as HTML that Qt's rich text shows; the figure is an image with the source FIGURE."""
    parts = [f"<h1>{escape(kind.__name__)}</h1>"]
    for section in _told(kind):
        parts += [f"<h2>{escape(section.heading)}</h2>"] if section.heading else []
        tag = "pre" if section.heading == FORMULA else "p"
        parts += [f"<{tag}>{_marked(paragraph)}</{tag}>" for paragraph in filter(None, section.paragraphs)]
        parts += [f'<p><img src="{FIGURE}" alt="{escape(str(section.figure))}"/></p>'] if section.figure else []
        parts += [_html_table(section.table)] if section.table else []
    return "\n".join(parts) + "\n"


def _marked(paragraph: str) -> str:
    """Return text as HTML; what stands between backquotes is code."""
    return re.sub("`(.+?)`", r"<code>\1</code>", escape(paragraph))


def _told(kind: type[Spec]) -> Iterator[Section]:
    return (section for section in sections(kind) if not section.empty)


def sections(kind: type[Spec]) -> Iterator[Section]:
    """Yield the parts of a page."""
    said = text(kind)
    yield Section("", (said.sentence, *said.prose))
    yield Section(FORMULA, (said.formula,))
    if issubclass(kind, Layer | Loss):
        yield Section("Shapes", ("One sample, without the batch:",), figure=figure(kind))
    yield Section("When to use it", (said.use,))
    yield Section("When not", (said.avoid,))
    if any(not rule.hidden for rule in kind.params().values()):
        yield Section("Parameters", table=tuple(_parameter_rows(kind)))
    if issubclass(kind, Layer):
        yield Section("Examples", table=tuple(_example_rows(kind)))
        yield Section("Elsewhere", tuple(elsewhere(kind)))
    yield Section("Source", (said.source,))
    yield Section("Proof", (proofs.line(proofs.recorded().get((family_of(kind), kind.__name__), ())),))


def _parameter_rows(kind: type[Spec]) -> Iterator[tuple[str, ...]]:
    yield "Parameter", "Meaning", "Values", "Default"
    yield from _rows(kind, kind(), "")


def _rows(kind: type[Spec], defaults: Spec, before: str) -> Iterator[tuple[str, ...]]:
    for name, rule in kind.params().items():
        if not rule.hidden:
            wanted, default = kind.types()[name], getattr(defaults, name)
            yield f"{before}{name}", rule.doc, _range(wanted, rule), rule.word(default) or _value(default)
            if is_group(wanted):
                yield from _rows(wanted, default, f"{before}{name}.")


def _range(wanted: Any, rule: Param) -> str:
    """Return which values a field takes, in a few words."""
    if rule.choices:
        return ", ".join(rule.choices)
    if wanted is bool:
        return "yes, no"
    if is_group(wanted):
        return "all of the following"
    if isinstance(wanted, type) and issubclass(wanted, Spec):
        return f"any {wanted.__name__}"
    bounds = [f"{word} {exact(bound)}" for word, bound in (("from", rule.min), ("to", rule.max)) if bound is not None]
    return (" ".join(bounds) + rule.unit).strip()


def _value(value: Any) -> str:
    if isinstance(value, Spec):
        return "" if is_group(type(value)) else type(value).__name__
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(_value, value)) or "none"
    return "none" if value is None or value == "" else str(value)


def _example_rows(kind: type[Layer]) -> Iterator[tuple[str, ...]]:
    yield "Box", "In", "Out"
    for example in kind.examples():
        drawn = figure_of(example)
        yield code(example.layer), ends(drawn.inputs) or "none", ends(drawn.outputs) or "none"


def code(spec: Spec) -> str:
    """Return the Python expression that makes a declared thing, without what is at its default: `Dense(units=3)`."""
    standard = type(spec)()
    values = {name: getattr(spec, name) for name in spec.params()}
    changed = {name: value for name, value in values.items() if value != getattr(standard, name)}
    inside = (f"{name}={code(value) if isinstance(value, Spec) else repr(value)}" for name, value in changed.items())
    return f"{type(spec).__name__}({', '.join(inside)})"


def _markdown_table(table: Table) -> list[str]:
    head, *rows = table
    return [_markdown_row(head), _markdown_row(["---"] * len(head)), *map(_markdown_row, rows)]


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _html_table(table: Table) -> str:
    head, *rows = table
    lines = [_html_row("th", head), *(_html_row("td", row) for row in rows)]
    return "<table cellspacing='0' cellpadding='4'>\n" + "\n".join(lines) + "\n</table>"


def _html_row(tag: str, cells: Sequence[str]) -> str:
    inside = "".join(f"<{tag} align='left'>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inside}</tr>"
