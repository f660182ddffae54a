"""What can be wrong between an Input and the columns that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from engine.arrays import describe
from engine.columns import Column
from engine.data import wording
from engine.data.dataset import Dataset
from engine.data.guesses import natural_size, readable, reading
from engine.data.kinds import guess_target
from engine.data.settings import DataSettings
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.preprocessing.tokens import Tokens
from engine.problems import Change, Fix, Insert, Problem


@dataclass(frozen=True)
class InputCheck:
    """Looks at one Input; `new` data is only to be answered for, so it may lack what training needs."""

    graph: Graph
    dataset: Dataset
    settings: DataSettings
    new: bool
    node: NodeId
    layer: Input

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong; what follows from something else is left out."""
        names = self.layer.columns
        missing = [name for name in names if name not in self.dataset]
        if not names:
            text = "It reads no columns. Choose the columns that the network sees."
            yield Problem(text, node=self.node, fixes=tuple(self.reads()))
        elif missing:
            text = f"The data has no {wording.columns(missing)}. It has {wording.columns(self.dataset.names)}."
            yield self._without(missing, text)
        else:
            columns = [self.dataset[name] for name in names]
            found = [*self.kinds(columns), *([] if self.new else [*self.targets(), *self.empty(columns)])]
            yield from found or ([] if self.new else [*self.size(columns), *self.tokens()])

    def reads(self) -> Iterator[Fix]:
        """Yield a fix that lets the Input read what can be read together, but for what is predicted."""
        target = next((o.target for o in self.graph.nodes.values() if isinstance(o, Output)), "")
        target = target if target in self.dataset else guess_target(self.dataset)
        window = self.settings.window
        columns = readable(self.dataset, "" if window else target)
        if columns and not self.new:
            wanted = reading(self.layer, columns, window)
            also = {"preprocessing": wanted.preprocessing, "size": wanted.size}
            yield Change("columns", wanted.columns, f"Read {wording.shortly(wanted.columns)}", also)

    def targets(self) -> Iterator[Problem]:
        """Report a target among the inputs, unless it is read earlier than the answer, as in a series."""
        targets = {o.target for o in self.graph.nodes.values() if isinstance(o, Output)}
        both = [name for name in self.layer.columns if name in targets]
        if both and not self.settings.window:
            text = f"It reads {wording.columns(both)}, which is to be predicted."
            yield self._without(both, text, "The network would only copy the answer.")

    def empty(self, columns: list[Column]) -> Iterator[Problem]:
        """Report columns that hold nothing."""
        names = [column.name for column in columns if column.missing.all()]
        if names:
            yield self._without(names, f"It reads {wording.columns(names)}, in which no row has a value.")

    def kinds(self, columns: list[Column]) -> Iterator[Problem]:
        """Report columns that the preprocessing, the window or the other columns do not suit."""
        kind = type(self.layer.preprocessing)
        wrong = next((column for column in columns if column.kind not in kind.kinds), None)
        shapes = {column.inner[:-1] for column in columns if column.kind in ("number", "image")}
        window = self.settings.window
        if wrong:
            text = f"{kind.__name__} takes {wording.kinds(kind.kinds)}, but {wrong.name} holds {wording.PLURAL[wrong.kind]}."
            yield Problem(text, node=self.node, fixes=tuple(_better(self.layer, columns)))
        elif len(shapes) > 1 or (shapes > {()} and any(column.kind in ("category", "date") for column in columns)):
            text = "Columns of different shapes cannot be read by one Input. Give each an Input of its own."
            yield Problem(text, node=self.node)
        elif self.layer.mask and not kind.takes_tokens and any(column.kind != "number" for column in columns):
            text = "Padding is known of texts and of series of numbers only. Read other columns, or take no mask."
            yield Problem(text, node=self.node, fixes=(Change("mask", False),))
        elif window and (kind.takes_tokens or any(column.inner for column in columns)):
            text = "Only single numbers and categories can be cut into windows. Set the window of the data to 0."
            yield Problem(text, node=self.node)

    def size(self, columns: list[Column]) -> Iterator[Problem]:
        """Report a size that the columns do not fill; texts are cut to any size."""
        natural = natural_size(self.layer, columns, self.settings.window)
        if prod(natural) != prod(self.layer.size) and not self.layer.preprocessing.takes_tokens:
            text = f"Its columns make {describe(natural)}, but its size is {describe(self.layer.size)}."
            yield Problem(text, node=self.node, fixes=(Change("size", natural),))

    def tokens(self) -> Iterator[Problem]:
        """Report boxes that would take numbers of tokens for measures, and Embeddings with too few entries."""
        rule, embedding = self.layer.preprocessing, Layer.registry.get("Embedding")
        if not isinstance(rule, Tokens) or embedding is None:
            return
        for reader in self.graph.readers.get(Port(self.node), ()):
            box = self.graph.nodes.get(reader.node)
            if not isinstance(box, embedding):
                yield Problem(
                    f"{self.node} gives numbers of tokens, which {type(box).__name__} would take for measures.",
                    "An Embedding turns each token into a vector of its own.",
                    node=reader.node,
                    port=reader.name,
                    fixes=(Insert("Embedding", {"entries": rule.tokens}),),
                )
            elif box.entries < rule.tokens:
                text = f"It has {box.entries} entries, but {self.node} gives numbers of tokens up to {rule.tokens - 1}."
                yield Problem(text, node=reader.node, fixes=(Change("entries", rule.tokens),))

    def _without(self, names: list[str], text: str, why: str = "") -> Problem:
        """Return a problem that is mended by not reading some of the columns."""
        rest = tuple(name for name in self.layer.columns if name not in names)
        fixes = (Change("columns", rest, f"Leave out {wording.shortly(names)}"),)
        return Problem(text, why, node=self.node, fixes=fixes if rest and not self.new else ())


def _better(layer: Input, columns: list[Column]) -> Iterator[Fix]:
    """Yield the usual preprocessing that takes all of these columns, if one does."""
    kinds = {column.kind for column in columns}
    wish = {"text": "Characters", "image": "Scale"}
    likely = {wish.get(kind, "Standardise") for kind in kinds}
    for name, preprocessing in type(layer.preprocessing).registry.items():
        if name in likely and kinds <= set(preprocessing.kinds):
            yield Change("preprocessing", preprocessing())
            return
