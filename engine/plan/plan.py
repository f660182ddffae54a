"""A compiled network in training: load a batch, do a step, look at what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite, sqrt
from time import perf_counter, process_time

import numpy as np

from engine.arrays import Array, Arrays, Shape
from engine.graph import Graph, NodeId, Port
from engine.infer import Inference
from engine.layers.input import Input, PaddedInput
from engine.layers.output import Output
from engine.normalised import with_parts
from engine.plan.bind import Bound
from engine.plan.program import Call, Key
from engine.plan.state import State
from engine.problems import UserError


class NotFinite(UserError):  # noqa: N818  (it says what was found)
    """A loss or gradient became NaN or infinite; `node` and `tensor` say where it first did."""

    def __init__(self, node: NodeId, tensor: str, step: int) -> None:
        super().__init__(
            f"In step {step} the {tensor} of {node} became infinite or not a number. "
            "Try a smaller learning rate, and look at the data for extreme values."
        )
        self.node, self.tensor, self.step = node, tensor, step


@dataclass(frozen=True)
class BoxCost:
    """What one box costs. `bytes` counts its own arrays for the whole batch, `milliseconds` forward and backward of a step.

    `layer` is what the compiler made of it, `algorithm` how that computes, `layout` how its values lie in memory. A box that
    was joined to another one is not there.
    """

    node: NodeId
    layer: str
    shape: Shape
    parameters: int
    multiply_adds: int  # of one sample, forward
    bytes: int
    milliseconds: float
    algorithm: str = ""
    layout: str = ""


class Plan:
    """A graph that is ready to be trained with batches of one size. Made by `compile`.

    `parameters` and `gradients` are views by name (`box.weight`, PyTorch's layouts) of the flat vectors in `state`.
    `workers` is how many processes do its steps.
    """

    def __init__(self, graph: Graph, inference: Inference, batch: int, state: State, bound: Bound) -> None:
        self.graph, self.inference, self.batch, self.state, self.bound = graph, inference, batch, state, bound
        self.parameters, self.gradients = state.parameters, state.gradients
        self.gradient_norm, self.workers = 0.0, 1
        arrays = bound.arrays
        self.inputs: Arrays = _by_node(graph, Input, lambda node: arrays.get(Key("value", node, "y")))
        self.masks: Arrays = _by_node(graph, PaddedInput, lambda node: arrays.get(Key("value", node, "mask")))
        self.targets: Arrays = _by_node(graph, Output, lambda node: arrays.get(Key("target", node, "target")))
        self.losses: Arrays = _by_node(graph, Output, lambda node: arrays.get(Key("losses", node, "losses")))
        ones = np.ones(batch, state.vector.dtype)
        self._means = [(losses.dot, ones * (graph.nodes[n].weight / batch)) for n, losses in self.losses.items()]  # type: ignore[attr-defined]

    def load(self, inputs: Mapping[NodeId, Array], targets: Mapping[NodeId, Array]) -> None:
        """Copy a batch into the plan: (N, ...) for each Input, targets for each Output, N the plan's batch."""
        for node, array in self.inputs.items():
            np.copyto(array, inputs[node], casting="same_kind")
        for node, array in self.masks.items():
            self.graph.nodes[node].load(self.inputs[node], array)  # type: ignore[attr-defined]
        for node, array in self.targets.items():
            np.copyto(array, targets[node], casting="same_kind")

    def step(self, rate: float) -> float:
        """Do one training step on the loaded batch and return its loss, as it was before the update.

        Raises NotFinite, with all parameters untouched, where the loss or the gradient is not finite.
        """
        loss: float = self.bound.setting.run(self._step, rate)
        return loss

    def _step(self, rate: float) -> float:
        loss = self._run()
        gradient = self.state.gradient
        squared = float(gradient.dot(gradient))
        if not (isfinite(loss) and (isfinite(squared) or np.isfinite(gradient).all())):
            raise self._blame()
        self.gradient_norm = sqrt(squared)
        self.state.update(rate, squared)
        return loss

    def run(self) -> float:
        """Do forward and backward on the loaded batch without an update; return the loss."""
        loss: float = self.bound.setting.run(self._run)
        return loss

    def _run(self) -> float:
        self.bound.execute()
        self.state.penalise()
        return self.loss()

    def loss(self) -> float:
        """Return the loss of the latest step: the sum over outputs of weight times mean, without L1 and L2 of weights."""
        total = 0.0
        for weighed, weights in self._means:
            total += float(weighed(weights))
        return total

    def outputs(self) -> dict[NodeId, Array]:
        """Return what reached each Output in the latest step, before `loss.answer`; views that the next step changes."""
        sources = {node: self.graph.sources(node)["x"] for node in self.losses}
        return {node: self.bound.arrays[Key("value", *source)] for node, source in sources.items()}

    def input_gradients(self) -> Arrays:
        """Return the gradient at each Input; the plan must have been compiled with `input_gradients`."""
        return _by_node(self.graph, Input, lambda node: self.bound.arrays.get(Key("grad", node, "y")))

    def cpu_seconds(self) -> float:
        """Return the processor time that all who do the work have used so far."""
        return process_time()

    def close(self) -> None:
        """Give back what is not memory: processes, where there are any."""

    def explain(self, repeats: int = 3) -> list[BoxCost]:
        """Return what each box costs, measured on whatever batch is loaded; running statistics are put back."""
        kept, times = self.state.statistics.copy(), dict.fromkeys(self.graph.order, float("inf"))
        for _ in range(repeats):
            once = self.bound.setting.run(self._timed)
            times = {node: min(times[node], once[node]) for node in times}
        np.copyto(self.state.statistics, kept)
        return [self._cost(node, times[node] * 1e3) for node in self.graph.order]

    def _timed(self) -> dict[NodeId, float]:
        seconds = dict.fromkeys(self.graph.order, 0.0)
        for call, run in zip(self.bound.program.calls, self.bound.calls, strict=True):
            start = perf_counter()
            run()
            seconds[call.node] += perf_counter() - start
        return seconds

    def _cost(self, node: NodeId, milliseconds: float) -> BoxCost:
        layer, inputs = self.graph.nodes[node], self.inference.inputs(self.graph, node)
        weights = {} if layer.learning.shares else layer.own_weights(*inputs)
        return BoxCost(
            node,
            type(layer).__name__,
            self.inference.shapes.get(Port(node), ()),
            sum(int(np.prod(weight.shape)) for _, weight in with_parts(weights) if weight.trained),
            layer.multiply_adds(*inputs),
            sum(self.bound.arrays[key].nbytes for key in self.bound.program.arrays if key.node == node),
            milliseconds,
            layer.algorithm(*inputs),
            self._layout(Key("value", *Port(node))),
        )

    def _layout(self, key: Key) -> str:
        spec = self.bound.program.arrays.get(key)
        if spec and spec.memory:
            return "samples last"
        return "channels last" if spec and len(spec.shape) == 4 else "in order"

    def _blame(self) -> NotFinite:
        """Replay the step with a look at every array, and return where the first bad value stands."""
        step = self.state.step + 1
        for name, array in self.parameters.items():
            if not np.isfinite(array).all():
                node = max((n for n in self.graph.nodes if name.startswith(f"{n}.")), key=len)
                return NotFinite(node, name.removeprefix(f"{node}."), step)
        for node, array in self.inputs.items():
            if not np.isfinite(array).all():
                return NotFinite(node, "data", step)
        return self._replay(step)

    def _replay(self, step: int) -> NotFinite:
        for call, run in zip(self.bound.program.calls, self.bound.calls, strict=True):
            run()
            for key in call.writes:
                if not np.isfinite(self._written(key)).all():
                    return NotFinite(call.node, tensor(call, key), step)
        return NotFinite(next(iter(self.losses)), "loss", step)

    def _written(self, key: Key) -> Array:
        found = self.bound.arrays.get(key)
        return self.state.array(key) if found is None else found


def tensor(call: Call, key: Key) -> str:
    """Return what a person calls an array that a call writes."""
    if key.kind == "losses":
        return "loss"
    if key.kind == "made":
        return f"normalised {key.name}"
    if call.phase == "forward":
        return f"output {key.name}"
    return f"gradient of {key.name}" if key.kind in ("grad_weight", "grad_made", "spare") else "gradient"


def _by_node(graph: Graph, kind: type, find: Callable[[NodeId], Array | None]) -> Arrays:
    found = {node: find(node) for node, layer in graph.nodes.items() if isinstance(layer, kind)}
    return {node: array for node, array in found.items() if array is not None}
