"""Write the program of a step from a graph: what the signatures of its layers ask for, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.graph import Graph, NodeId, Port
from engine.infer import Inference
from engine.layer import Layer, Scratch, Weight, Workers, needs
from engine.layers.input import Input
from engine.layers.output import Output
from engine.normalised import rule_of
from engine.plan.answering import Folded, write_fold
from engine.plan.gathered import NAME, gathered
from engine.plan.made import learn, make
from engine.plan.mixing import mix, mixer_before
from engine.plan.program import ArraySpec, Call, Key, Program
from engine.plan.samples_last import reads_ones, samples_last
from engine.sharing import weight_of, weights


@dataclass(frozen=True)
class Options:
    """How a graph is to be written: with or without the backward half, and for how many samples.

    A step may be shared by workers: then `batch` are the samples of this one, `workers` know how many there are in all.
    Weights of boxes that are `folded` are made before, where there is no way back.
    """

    batch: int
    dtype: str = "float32"
    training: bool = True
    input_gradients: bool = False
    keep_values: bool = False  # let every value survive the step
    rng: Any = None
    workers: Workers = field(default_factory=Workers)
    folded: Mapping[NodeId, Folded] = field(default_factory=dict)


def write(graph: Graph, inference: Inference, options: Options) -> Program:
    """Return the program of one step of a graph without composites and problems."""
    return _Writer(graph, inference, options).write()


def target_dtype(layer: Output, dtype: str) -> str:
    """Return the type of an Output's targets: whole numbers for classes and characters."""
    return "intp" if layer.loss.target in ("class", "label", "text") else dtype


class _Writer:
    def __init__(self, graph: Graph, inference: Inference, options: Options) -> None:
        self.graph, self.inference, self.options = graph, inference, options
        self.program = Program()
        self.order = [node for node in graph.order if node in self._alive()]
        self.learning = self._learning() if options.training else set()
        self.gathered = self._gathered()
        alone = type(options.workers) is Workers
        self.samples_last = samples_last(graph, inference, options.batch) if alone else frozenset[Port]()
        self.filled: set[Key] = set()  # gradients that a call has written so far
        self.made: dict[
            Key, NodeId
        ] = {}  # the first box that computes with each weight that is made of what is learned
        self.learners: dict[Key, NodeId] = {}  # the box that writes each gradient of a weight, while others add to it

    def write(self) -> Program:
        for node in self.order:
            self._forward(node)
        if self.options.training:
            for node in reversed(self.order):
                self._backward(node)
        self._drop_unused()
        return self.program

    def _drop_unused(self) -> None:
        """Forget the working arrays that no call is given: those of the way back, where there is none."""
        named = {key for call in self.program.calls for key in call.named()}
        unused = [key for key in self.program.arrays if key.kind == "scratch" and key not in named]
        for key in unused:
            del self.program.arrays[key]

    def _alive(self) -> set[NodeId]:
        """Return the boxes that an Output can see; all where every value is wanted."""
        if self.options.keep_values:
            return set(self.graph.nodes)
        seen = {node for node, layer in self.graph.nodes.items() if isinstance(layer, Output)}
        waiting = list(seen)
        while waiting:
            ahead = {source.node for source in self.graph.sources(waiting.pop()).values()} - seen
            seen |= ahead
            waiting += ahead
        return seen

    def _learning(self) -> set[NodeId]:
        """Return the boxes whose outputs need a gradient: something trained lies in or before them."""
        found: set[NodeId] = set()
        for node in self.order:
            layer, sources = self.graph.nodes[node], self.graph.sources(node)
            trained = any(weight.learns for weight in self._weights(node).values())
            wanted = isinstance(layer, Input) and self.options.input_gradients
            if trained or wanted or any(source.node in found for source in sources.values()):
                found.add(node)
        return found

    def _gathered(self) -> set[NodeId]:
        """Return the boxes whose weight's gradient is computed from the samples of all workers, where there are several."""
        samples = self.options.workers.samples(self.options.batch)
        alone = samples == self.options.batch
        return set() if alone or not self.options.training else gathered(self.graph, self.inference, samples)

    def _inputs(self, node: NodeId) -> tuple[Shape, ...]:
        return self.inference.inputs(self.graph, node)

    def _weights(self, node: NodeId) -> dict[str, Weight]:
        return weights(self.graph, node, self._inputs(node))

    def _array(self, key: Key, shape: Shape, dtype: str = "", *, pinned: bool = False, batched: bool = True) -> Key:
        full = (self.options.batch, *shape) if batched else shape
        self.program.arrays.setdefault(key, ArraySpec(full, dtype or self.options.dtype, pinned))
        return key

    def _like(self, port: Port, key: Key, *, pinned: bool, augmented: bool = False) -> Key:
        """Declare an array that is like the values of an output."""
        shape, memory = self.inference.shapes[port], (1, 0) if port in self.samples_last else ()
        spec = ArraySpec((self.options.batch, *shape), self.options.dtype, pinned, memory, augmented)
        self.program.arrays.setdefault(key, spec)
        return key

    # ------------------------------------------------------------------ forward

    def _forward(self, node: NodeId) -> None:
        layer = self.graph.nodes[node]
        if isinstance(layer, Output):
            self._loss_forward(node, layer)
            return
        pinned = isinstance(layer, Input) or self.options.keep_values or self._stays(node)
        for name in layer.outputs:
            port = Port(node, name)
            augmented = port in self.samples_last and self._meets_bias(port)
            self._like(port, Key("value", *port), pinned=pinned or augmented, augmented=augmented)
        if not isinstance(layer, Input):
            self._make_weights(node)
            self._declare_scratch(node, layer.scratch(*self._inputs(node)))
            writes = tuple(Key("value", node, name) for name in layer.outputs)
            first = next(iter(self.graph.sources(node).values()), None)
            over = (writes[0], Key("value", *first)) if layer.in_place and first else None
            self._call(node, "forward", layer.forward, needs(type(layer), "forward"), writes, over=over)

    def _meets_bias(self, port: Port) -> bool:
        """Tell whether a layer that makes use of ones multiplies the values of an output and adds a bias."""
        ends = self.graph.readers.get(port, ())
        return any(reads_ones(self.graph.nodes[e.node], e.name) and "bias" in self._weights(e.node) for e in ends)

    def _make_weights(self, node: NodeId) -> None:
        if fold := self.options.folded.get(node):
            write_fold(self.program, node, fold, self._weights(node), self.options.dtype)
        for name, weight in self._weights(node).items():
            learned = Key("weight", *weight_of(self.graph, node, name))
            if rule_of(weight) and learned not in self.made:
                self.made[learned] = node
                make(self.program, node, learned, weight, self.options.dtype, training=self.options.training)

    def _stays(self, node: NodeId) -> bool:
        """Tell whether what this box says must survive the step: an Output reads it, or the other workers do."""
        ends = (self.graph.readers.get(Port(node, name), ()) for name in self.graph.nodes[node].outputs)
        readers = {end.node for some in ends for end in some}
        return any(isinstance(self.graph.nodes[reader], Output) for reader in readers) or bool(readers & self.gathered)

    def _loss_forward(self, node: NodeId, layer: Output) -> None:
        if not self.options.training:
            return
        x = self._inputs(node)[0]
        dtype = target_dtype(layer, self.options.dtype)
        self._array(Key("target", node, "target"), layer.loss.target_shape(x), dtype, pinned=True)
        losses = self._array(Key("losses", node, "losses"), (), pinned=True)
        self._declare_scratch(node, layer.loss.scratch(x))
        self._call(node, "forward", layer.loss.forward, layer.loss.asks("forward"), (losses,))
        self._mix(node)

    def _mix(self, node: NodeId) -> None:
        """Let the latest call, a loss's, count the targets of all samples that have come together before it."""
        mixer = mixer_before(self.graph, node)
        if mixer is not None:
            mix(self.program, mixer)

    def _declare_scratch(self, node: NodeId, scratch: dict[str, Scratch]) -> None:
        for name, s in scratch.items():
            shape = (self.options.batch, *s.shape) if s.batched else s.shape
            spec = ArraySpec(shape, s.dtype or self.options.dtype, s.kept or s.shared, shared=s.shared)
            self.program.arrays.setdefault(Key("scratch", node, name), spec)

    # ------------------------------------------------------------------ backward

    def _backward(self, node: NodeId) -> None:
        layer = self.graph.nodes[node]
        if isinstance(layer, Output):
            if any(source.node in self.learning for source in self.graph.sources(node).values()):
                self._gradients(node, layer.loss.backward, layer.loss.asks("backward"))
        elif node in self.learning and not isinstance(layer, Input) and self._arrived(node):
            for name in layer.outputs:
                # An output that nothing learns from has a gradient of zeros for ever.
                key = Key("grad", node, name)
                self._like(Port(node, name), key, pinned=key not in self.filled)
            self._gradients(node, layer.backward, needs(type(layer), "backward"))
            self._gather(node, layer)
        self._learn_made(node)

    def _learn_made(self, node: NodeId) -> None:
        """Turn the gradient of each weight made for this box into that of what is learned: those behind it have added to it."""
        for name, weight in self._weights(node).items() if node in self.made.values() else ():
            learned = Key("weight", *weight_of(self.graph, node, name))
            if self.made.get(learned) == node and self._total(node, name) in self.learners:
                learn(self.program, node, learned, weight)

    def _gather(self, node: NodeId, layer: Layer) -> None:
        if node in self.gathered:
            read, written = (self._value(node, "x", layer), Key("grad", node, "y")), self._total(node, NAME)
            self.program.gathered.append(Call(node, "backward", layer.gradient_part, read, (written,)))

    def _arrived(self, node: NodeId) -> bool:
        return any(Key("grad", node, name) in self.filled for name in self.graph.nodes[node].outputs)

    def _gradients(self, node: NodeId, function: Any, names: Sequence[str]) -> None:
        """Write a backward call, and the additions for sources that have got a gradient before."""
        targets = self._targets(node, {name.lstrip("*") for name in names})
        learning = self._learned(node, names)
        if self.graph.nodes[node].divides:
            self.program.placed |= learning.keys()
        self._call(node, "backward", function, names, (*targets.values(), *learning.values()), targets)
        if isinstance(self.graph.nodes[node], Output):
            self._mix(node)
        for port, key in targets.items():
            if key.kind == "part":
                source = self.graph.sources(node)[port]
                self._add(node, Key("grad", source.node, source.name), key)
        for total, key in learning.items():
            if key.kind == "spare":
                self._add(node, total, key)

    def _add(self, node: NodeId, total: Key, part: Key) -> None:
        self.program.calls.append(Call(node, "backward", _accumulate, (total, part), (total,)))

    def _learned(self, node: NodeId, names: Sequence[str]) -> dict[Key, Key]:
        """Return the gradients of weights that a call of a box contributes to, and the arrays in which it writes its share."""
        declared = self._weights(node) if not isinstance(self.graph.nodes[node], Output) else {}
        wanted = [n for n in declared if f"grad_{n}" in names and declared[n].learns]
        found = {self._total(node, n): self._weight_gradient(node, n) for n in wanted}
        return {total: key for total, key in found.items() if key}

    def _targets(self, node: NodeId, names: set[str]) -> dict[str, Key]:
        """Return where the gradient of each port goes, for those that need one and that the call can give."""
        targets = {}
        for port, source in self.graph.sources(node).items():
            if source.node in self.learning and f"grad_{self._written(node, port)}" in names:
                targets[port] = self._target(node, port, source)
        return targets

    def _target(self, node: NodeId, port: str, source: Port) -> Key:
        key = Key("grad", source.node, source.name)
        if key in self.filled:
            key = Key("part", node, port)
        self.filled.add(key)
        wanted = isinstance(self.graph.nodes[source.node], Input) or source.node in self.gathered
        return self._like(source, key, pinned=wanted)

    def _written(self, node: NodeId, port: str) -> str:
        """Return the name that the layer's methods have for a port: a variadic one has one name for all."""
        first = needs(type(self.graph.nodes[node]), "shape")[0]
        return first[1:] if first.startswith("*") else port

    # ------------------------------------------------------------------ arguments

    def _call(
        self,
        node: NodeId,
        phase: str,
        function: Any,
        names: Sequence[str],
        writes: tuple[Key, ...],
        targets: dict[str, Key] | None = None,
        over: tuple[Key, Key] | None = None,
    ) -> None:
        arguments = tuple(self._argument(node, name, targets or {}) for name in names)
        self.program.calls.append(Call(node, phase, function, arguments, writes, over))

    def _argument(self, node: NodeId, name: str, targets: dict[str, Key]) -> Any:
        layer = self.graph.nodes[node]
        options = self.options
        special = {"training": options.training, "rng": options.rng, "workers": options.workers}
        if name in special:
            return special[name]
        if name == "scale" and isinstance(layer, Output):
            return layer.weight / options.workers.samples(options.batch)
        if name.startswith("grad_"):
            return self._gradient(node, name.removeprefix("grad_"), layer, targets)
        return self._value(node, name, layer)

    def _gradient(self, node: NodeId, name: str, layer: Layer, targets: dict[str, Key]) -> Any:
        if name in layer.outputs:
            return Key("grad", node, name)
        if self._is_variadic(layer, name):
            return tuple(targets.get(port) for port in layer.ports())
        return targets.get(name) or self._weight_gradient(node, name)

    def _value(self, node: NodeId, name: str, layer: Layer) -> Any:
        sources = self.graph.sources(node)
        if self._is_variadic(layer, name):
            return tuple(Key("value", *source) for source in sources.values())
        if name in sources:
            return Key("value", *sources[name])
        if name in layer.outputs:
            return Key("value", node, name)
        if name.startswith("augmented_"):
            return self._augmented(sources[name.removeprefix("augmented_")])
        if isinstance(layer, Output) and name in ("target", "losses"):
            return Key(name, node, name)
        scratch = Key("scratch", node, name)
        return scratch if scratch in self.program.arrays else self._weight(node, name)

    def _augmented(self, source: Port) -> Key | None:
        there = self.program.arrays[Key("value", *source)].augmented
        return Key("augmented", *source) if there else None

    def _is_variadic(self, layer: Layer, name: str) -> bool:
        return needs(type(layer), "shape")[:1] == (f"*{name}",)

    def _weight(self, node: NodeId, name: str) -> Key | None:
        if name not in self._weights(node):
            return None
        if node in self.options.folded:
            return Key("made", node, name)
        learned = Key("weight", *weight_of(self.graph, node, name))
        return learned._replace(kind="made") if learned in self.made else learned

    def _apart(self, node: NodeId, name: str) -> bool:
        return name == NAME and node in self.gathered

    def _total(self, node: NodeId, name: str) -> Key:
        """Return the gradient of a weight that a box computes with, to which all add who do so."""
        learned = Key("weight", *weight_of(self.graph, node, name))
        return learned._replace(kind="grad_made" if learned in self.made else "grad_weight")

    def _weight_gradient(self, node: NodeId, name: str) -> Key | None:
        """Return where a box writes the gradient of a weight: that itself, or an array beside it.

        Of several boxes that share a weight the first one writes, the others are added. What is frozen goes nowhere.
        """
        declared = self._weights(node).get(name)
        if declared is None or not declared.trained or self._apart(node, name):
            return None
        if not declared.learns and self.graph.nodes[node].skips_frozen:
            return None
        total, spec = self._total(node, name), ArraySpec(declared.shape, self.options.dtype, memory=declared.memory)
        if declared.learns and self.learners.setdefault(total, node) == node:
            if total.kind == "grad_made":
                self.program.arrays[total] = spec
            return total
        spare = Key("spare", node, name)
        self.program.arrays[spare] = spec
        return spare


def _accumulate(total: Array, part: Array) -> None:
    np.add(total, part, out=total)
