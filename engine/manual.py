"""The manual: a page for every declared thing, written from what it declares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from engine.arrays import Shape, describe
from engine.catalog import FAMILIES
from engine.layer import Layer
from engine.spec import Param, Spec, exact, is_group

Table = tuple[tuple[str, ...], ...]  # the first row is the head


@dataclass(frozen=True)
class Section:
    """A part of a page: a heading ("" for none), paragraphs, and a table (may be empty)."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    table: Table = ()


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
    for section in sections(kind):
        lines += ["", f"## {section.heading}"] if section.heading else []
        for paragraph in section.paragraphs:
            lines += ["", paragraph]
        lines += ["", *_markdown_table(section.table)] if section.table else []
    return "\n".join(lines) + "\n"


def html(kind: type[Spec]) -> str:
    """Return the same page as HTML that Qt's rich text shows."""
    parts = [f"<h1>{escape(kind.__name__)}</h1>"]
    for section in sections(kind):
        parts += [f"<h2>{escape(section.heading)}</h2>"] if section.heading else []
        parts += [f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs]
        parts += [_html_table(section.table)] if section.table else []
    return "\n".join(parts) + "\n"


def sections(kind: type[Spec]) -> Iterator[Section]:
    """Yield the parts of a page: what it is, its parameters, and for a layer worked examples and its names elsewhere."""
    yield Section("", _paragraphs(kind))
    if kind.params():
        yield Section("Parameters", table=tuple(_parameter_rows(kind)))
    if issubclass(kind, Layer):
        examples = tuple(_example_rows(kind))
        yield Section("Examples", ("Shapes of one sample, without the batch.",), examples)
        if elsewhere := tuple(_elsewhere(kind)):
            yield Section("Elsewhere", elsewhere)


def _paragraphs(kind: type[Spec]) -> tuple[str, ...]:
    text = inspect.cleandoc(kind.__doc__ or "")
    return tuple(" ".join(part.split()) for part in text.split("\n\n"))


def _parameter_rows(kind: type[Spec]) -> Iterator[tuple[str, ...]]:
    yield "Parameter", "Meaning", "Values", "Default"
    yield from _rows(kind, kind(), "")


def _rows(kind: type[Spec], defaults: Spec, before: str) -> Iterator[tuple[str, ...]]:
    for name, rule in kind.params().items():
        if not rule.hidden:
            wanted, default = kind.types()[name], getattr(defaults, name)
            yield f"{before}{name}", rule.doc, _range(wanted, rule), _value(default)
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
        given = example.layer.shape(*example.inputs)
        out = describe(given) if kind.outputs in (("y",), ()) else "; ".join(map(describe, given))
        yield code(example.layer), "; ".join(map(describe, example.inputs)) or "none", out if kind.outputs else "none"


def code(spec: Spec) -> str:
    """Return the Python expression that makes a declared thing, without what is at its default: `Dense(units=3)`."""
    standard = type(spec)()
    values = {name: getattr(spec, name) for name in spec.params()}
    changed = {name: value for name, value in values.items() if value != getattr(standard, name)}
    inside = (f"{name}={code(value) if isinstance(value, Spec) else repr(value)}" for name, value in changed.items())
    return f"{type(spec).__name__}({', '.join(inside)})"


def _elsewhere(kind: type[Layer]) -> Iterator[str]:
    example = next(iter(kind.examples()))
    if kind.torch is not Layer.torch:
        yield f"PyTorch: {example.layer.torch(*example.inputs)}"
    if kind.onnx is not Layer.onnx:
        yield f"ONNX: {', '.join(dict.fromkeys(_operators(example.layer, example.inputs)))}"


def _operators(layer: Layer, inputs: Sequence[Shape]) -> list[str]:
    """Return the ONNX operators that a layer becomes."""
    listener = _Listener(layer, inputs)
    layer.onnx(listener, *layer.ports())
    return listener.kinds


class _Listener:
    """An OnnxGraph that builds nothing and notes the operators it is asked for."""

    opset = 20

    def __init__(self, layer: Layer, inputs: Sequence[Shape]) -> None:
        self.kinds: list[str] = []
        self._weights = layer.weights(*inputs)
        self._shapes: Mapping[str, Shape] = dict(zip(layer.ports(), inputs, strict=True))

    def op(self, kind: str, /, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        self.kinds.append(kind)
        return kind if outputs == 1 else (kind,) * outputs

    def weight(self, name: str) -> str:
        return name

    def weight_array(self, name: str) -> Any:
        shape = self._weights[name].shape
        return np.zeros(shape, np.float32)

    def constant(self, value: Any) -> str:
        return "constant"

    def shape(self, port: str) -> Shape:
        return self._shapes[port]


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
