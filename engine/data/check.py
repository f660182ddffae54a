"""What stands between a network and its data, as problems with fixes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from engine.arrays import Shape, describe
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.settings import DataSettings
from engine.data.windows import Cut
from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.problems import Change, Fix, Problem

MANY = 1000  # classes; more are almost surely a column of another meaning


def data_problems(
    graph: Graph, dataset: Dataset | None, settings: DataSettings, new: bool = False
) -> tuple[Problem, ...]:
    """Return what keeps this network from learning from this data, each with a fix where one exists; never raises.

    `new`: the data is only to be answered for, with what a run has fitted, so targets may be missing.
    """
    if dataset is None or not len(dataset):
        text = "No data is chosen." if dataset is None else "The data has no rows."
        return (Problem(text, "Choose a file, a folder or one of the samples."),)
    return tuple(_Check(graph, dataset, settings, new).all())


@dataclass(frozen=True)
class _Check:
    graph: Graph
    dataset: Dataset
    settings: DataSettings
    new: bool

    def all(self) -> Iterator[Problem]:
        ends = [layer for layer in self.graph.nodes.values() if isinstance(layer, Input | Output)]
        for kind in (Input, Output):
            if not any(isinstance(layer, kind) for layer in ends):
                yield Problem(
                    f"The network has no {kind.__name__}.", f"Put an {kind.__name__} on the canvas and wire it."
                )
        yield from self.rows()
        for node, layer in self.graph.nodes.items():
            if isinstance(layer, Input):
                yield from self.input(node, layer)
            elif isinstance(layer, Output) and not self.new:
                yield from self.output(node, layer)

    def rows(self) -> Iterator[Problem]:
        least = 1 if self.new else 2
        horizon = 0 if self.new else self.settings.horizon
        samples = Cut(len(self.dataset), self.settings.window, horizon).samples
        if self.settings.window and samples < least:
            yield Problem(
                f"The data has {len(self.dataset)} rows, too few for a window of {self.settings.window} with its target "
                f"{self.settings.horizon} after it. Choose a shorter window, or take more rows."
            )
        elif samples < least:
            yield Problem(f"At least {least} rows are needed to learn from, but the data has {samples}.")

    def input(self, node: NodeId, layer: Input) -> Iterator[Problem]:
        if not layer.columns:
            yield Problem("It reads no columns. Choose the columns that the network sees.", node=node)
            return
        missing = [name for name in layer.columns if name not in self.dataset]
        if missing:
            rest = tuple(name for name in layer.columns if name in self.dataset)
            fixes = (Change("columns", rest),) if rest and not self.new else ()
            yield Problem(
                f"The data has no {_columns(missing)}. It has {_columns(self.dataset.names)}.", node=node, fixes=fixes
            )
            return
        columns = [self.dataset[name] for name in layer.columns]
        found = [*self.targets(node, layer), *self.kinds(node, layer, columns)]
        yield from found or self.size(node, layer, columns)

    def targets(self, node: NodeId, layer: Input) -> Iterator[Problem]:
        """Report a target among the inputs, unless it is read earlier than the answer, as in a series."""
        targets = {o.target for o in self.graph.nodes.values() if isinstance(o, Output)}
        both = [name for name in layer.columns if name in targets]
        if both and not self.settings.window and not self.new:
            rest = tuple(name for name in layer.columns if name not in targets)
            yield Problem(
                f"It reads {_columns(both)}, which is to be predicted.",
                "The network would only copy the answer.",
                node=node,
                fixes=(Change("columns", rest),) if rest else (),
            )

    def kinds(self, node: NodeId, layer: Input, columns: list[Column]) -> Iterator[Problem]:
        kind = type(layer.preprocessing)
        for column in columns:
            if column.kind not in kind.kinds:
                yield Problem(
                    f"{kind.__name__} takes columns of {_words(kind.kinds)}, but {column.name} holds {_PLURAL[column.kind]}.",
                    node=node,
                    fixes=tuple(_better(layer, columns)),
                )
                return
        if len({column.inner[:-1] for column in columns if column.kind in ("number", "image")}) > 1:
            yield Problem(
                "Columns of different shapes cannot be read by one Input. Give each an Input of its own.", node=node
            )
        elif self.settings.window and any(column.inner for column in columns):
            yield Problem("Images and series cannot be cut into windows. Set the window of the data to 0.", node=node)
        elif self.settings.window and kind.takes_tokens:
            yield Problem("Texts cannot be cut into windows. Set the window of the data to 0.", node=node)

    def size(self, node: NodeId, layer: Input, columns: list[Column]) -> Iterator[Problem]:
        if self.new or layer.preprocessing.takes_tokens:  # texts are cut to the size; new data may lack categories
            return
        natural = natural_size(layer, columns, self.settings.window)
        if prod(natural) != prod(layer.size):
            yield Problem(
                f"Its columns make {describe(natural)}, but its size is {describe(layer.size)}.",
                node=node,
                fixes=(Change("size", natural),),
            )

    def output(self, node: NodeId, layer: Output) -> Iterator[Problem]:
        if not layer.target:
            yield Problem("It has no target. Choose the column that is to be predicted.", node=node)
        elif layer.target not in self.dataset:
            yield Problem(f"The data has no column {layer.target}. It has {_columns(self.dataset.names)}.", node=node)
        else:
            yield from self.target(node, layer, self.dataset[layer.target])

    def target(self, node: NodeId, layer: Output, column: Column) -> Iterator[Problem]:
        kind, name = layer.loss.target, type(layer.loss).__name__
        if column.kind == "image" or (column.inner and kind != "value"):
            yield Problem(
                f"{column.name} holds {_PLURAL[column.kind]}, which {name} cannot learn to predict.", node=node
            )
        elif column.missing.all():
            yield Problem(f"The target {column.name} has no values.", node=node)
        elif kind == "value" and column.kind != "number":
            yield Problem(
                f"{name} predicts numbers, but {column.name} holds {_PLURAL[column.kind]}.",
                "Choose a loss for classes, such as cross entropy.",
                node=node,
                fixes=tuple(
                    Change("loss", loss()) for key, loss in type(layer.loss).registry.items() if key == "CrossEntropy"
                ),
            )
        elif kind == "value":
            yield from self.head(node, prod(column.inner), f"{column.name} has {_count(prod(column.inner), 'number')}")
        else:
            yield from self.classes(node, layer, column)

    def classes(self, node: NodeId, layer: Output, column: Column) -> Iterator[Problem]:
        count = len(column.distinct)
        if count < 2:
            yield Problem(f"The target {column.name} has only one class, so there is nothing to learn.", node=node)
        elif count > MANY:
            yield Problem(
                f"{column.name} has {count:,} different values, too many for classes (at most {MANY:,}).",
                "Choose another target, or a loss for numbers.",
                node=node,
            )
        elif layer.loss.target == "binary" and count != 2:
            yield Problem(
                f"{type(layer.loss).__name__} tells two classes apart, but {column.name} has {count}.", node=node
            )
        elif layer.loss.target == "binary":
            yield from self.head(node, 1, f"{column.name} has two classes, told apart by one value")
        else:
            yield from self.head(node, count, f"{column.name} has {_count(count, 'class')}")

    def head(self, node: NodeId, wanted: int, why: str) -> Iterator[Problem]:
        """Report a last box that does not give as many values as the target has classes or numbers."""
        source = self.graph.wires.get(Port(node, "x"))
        shape: Shape | None = infer(self.graph).shapes.get(source) if source else None
        if source is None or shape is None or shape[-1:] == (wanted,):
            return
        units = shape[-1] if shape else 1
        text = f"{source.node} gives {_count(units, 'value')}, but {why}."
        box = self.graph.nodes.get(source.node)
        fix: tuple[Fix, ...] = (Change("units", wanted),) if isinstance(box, Dense) else ()
        yield Problem(text, node=source.node if fix else node, port=None if fix else "x", fixes=fix)


def natural_size(layer: Input, columns: list[Column], window: int) -> Shape:
    """Return the size that an Input of these columns has of itself."""
    row = layer.preprocessing.shape(columns)
    return (window, *row) if window else row


def _better(layer: Input, columns: list[Column]) -> Iterator[Fix]:
    """Return the preprocessing that takes all of these columns, if one does."""
    kinds = {column.kind for column in columns}
    wish = {"text": "Characters", "image": "Scale"}
    for name, preprocessing in type(layer.preprocessing).registry.items():
        if kinds <= set(preprocessing.kinds) and name in [wish.get(kind, "Standardise") for kind in kinds]:
            yield Change("preprocessing", preprocessing())
            return


_PLURAL = {"number": "numbers", "category": "categories", "text": "texts", "image": "images"}


def _words(kinds: tuple[str, ...]) -> str:
    names = [_PLURAL[kind] for kind in kinds]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _columns(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"{'column' if len(names) == 1 else 'columns'} {shown}"


def _count(number: int, word: str) -> str:
    return f"{number} {word if number == 1 else word + ('es' if word == 'class' else 's')}"
