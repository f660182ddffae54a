"""The PyTorch program that trains a network, as text, to be run in a process of its own beside ours."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

from engine.arrays import Arrays
from engine.composite import flatten
from engine.graph import Graph, NodeId, Port
from engine.infer import Inference, infer
from engine.layer import Layer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.normalised import rule_of
from engine.optimizer import Optimizer
from engine.problems import UserError
from engine.sharing import owner

# A line of JSON names the arrays of the batch and the first values of the weights, with their types and shapes; then they
# come as bytes. The answer is the losses of the first steps, or none where a weight is not found. Then come lines, each
# with the seconds for which to train, which are answered with the milliseconds of the median step.
_START = """\
import json, sys, time
from math import prod
from statistics import median
import numpy, torch
from torch.nn import functional as F

given = json.loads(sys.stdin.buffer.readline())
torch.set_num_threads(given["threads"])
torch.manual_seed(0)

def read(dtype, shape):
    raw = sys.stdin.buffer.read(prod(shape) * numpy.dtype(dtype).itemsize)
    return torch.from_numpy(numpy.frombuffer(raw, dtype).reshape(shape).copy())

data = {name: read(dtype, shape) for name, dtype, shape in given["arrays"]}
weights = {name: read(dtype, shape) for name, dtype, shape in given["weights"]}
modules = {}

class Once:
    \"\"\"Stands for torch.nn in one box: makes its module at the first call and keeps it.\"\"\"
    module = None
    functional = F
    def __init__(self, box):
        self.box = box
    def __getattr__(self, name):
        return self.make if self.module is not None else lambda *a, **k: self.first(getattr(torch.nn, name)(*a, **k))
    def make(self, *a, **k):
        return self.module
    def first(self, module):
        self.module = modules[self.box] = normalised.get(self.box, lambda made: made)(module)
        return self.module

class Shared(dict):
    \"\"\"One module for all boxes that share their weights.\"\"\"
    def __missing__(self, box):
        return self.setdefault(box, Once(box))

once = Shared()
normalised, renamed = {}, {}  # what normalises the weights of some boxes, and our names for what they then keep
"""
_END = """
loss()
states = {{box: m.state_dict(keep_vars=True) for box, m in modules.items()}}
held = {{f"{{box}}.{{renamed.get(name, name)}}": p for box, state in states.items() for name, p in state.items()}}
apart = {{f"{{box}}.{{renamed[name]}}" for box, state in states.items() for name in state if name in renamed}}
for name in weights.keys() & apart:
    weights[name] = weights[name].reshape(held[name].shape)
known = all(name in held and held[name].shape == value.shape for name, value in weights.items())
if known:
    for name, value in weights.items():
        held[name].requires_grad_(name in given["trained"]).data.copy_(value)
parameters = [p for module in modules.values() for p in module.parameters() if p.requires_grad]
optimizer = {optimizer}

def step():
    optimizer.zero_grad(set_to_none=True)
    total = loss()
    total.backward()
    optimizer.step()
    return total.item()

first = [step() for _ in range(given["steps"])]
print(json.dumps({{"losses": first if known else []}}), flush=True)
for line in sys.stdin.buffer:
    seconds, times, begin = float(line), [], time.perf_counter()
    while time.perf_counter() - begin < seconds or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({{"ms": median(times), "n": len(times)}}), flush=True)
"""


def torch_program(graph: Graph, optimizer: Optimizer, rate: float) -> str:
    """Return the text; data arrive under the names of Inputs and Outputs. Raises UserError where PyTorch has no such box."""
    flat = flatten(graph)
    if not optimizer.torch():
        raise UserError(f"PyTorch has no {type(optimizer).__name__}, so there is nothing to compare with.")
    inference, names = infer(flat), {node: f"box{number}" for number, node in enumerate(flat.order)}
    boxes, steps = [], []
    for node in flat.order:
        layer, sources = flat.nodes[node], [_value(source, names) for source in flat.sources(node).values()]
        if isinstance(layer, Input):
            steps.append(f"{_outputs(flat, node, names)} = data[{node!r}]")
        elif isinstance(layer, Output):
            boxes.append(
                f"def {names[node]}(x, target, nn=Once({node!r})):\n    return {_loss(layer, inference, flat, node)}"
            )
            steps.append(f"total = total + {layer.weight!r} * {names[node]}({sources[0]}, data[{node!r}])")
        else:
            boxes += _normalised(flat, inference, node)
            boxes.append(
                f"def {names[node]}({', '.join(layer.ports())}, nn=once[{owner(flat, node)!r}]):\n"
                f"    return {_body(flat, inference, node)}"
            )
            steps.append(f"{_outputs(flat, node, names)} = {names[node]}({', '.join(sources)})")
    whole = "".join(f"    {line}\n" for line in ["total = 0.0", *steps, "return total"])
    end = _END.format(optimizer=f"(lambda rate: {optimizer.torch()})({rate!r})")
    return _START + "\n" + "\n\n".join(boxes) + "\n\ndef loss():\n" + whole + end


def _normalised(graph: Graph, inference: Inference, node: NodeId) -> list[str]:
    """Return what lets the module of a box make its weight of others, where it does."""
    found = graph.nodes[node].own_weights(*inference.inputs(graph, node))
    rules = [rule for weight in found.values() if (rule := rule_of(weight))]
    return [f"normalised[{node!r}] = lambda module: {rule.torch()}\nrenamed.update({rule.names!r})" for rule in rules]


def _body(graph: Graph, inference: Inference, node: NodeId) -> str:
    layer = graph.nodes[node]
    expression = "" if type(layer).torch is Layer.torch else layer.torch(*inference.inputs(graph, node))
    if not expression:
        raise UserError(f"PyTorch has no {type(layer).__name__}, so {node} cannot be compared.")
    used = {found.id for found in ast.walk(ast.parse(expression)) if isinstance(found, ast.Name)}
    ports = layer.ports()
    if used & {*ports, "x"}:
        return expression if "x" in ports else f"(lambda x: {expression})(({', '.join(ports)},))"
    return f"({expression})({', '.join(ports)})"


def _loss(layer: Output, inference: Inference, graph: Graph, node: NodeId) -> str:
    (shape,) = inference.inputs(graph, node)
    classes_second = layer.loss.target == "class" and len(shape) > 1
    return f"({layer.loss.torch()})({'x.movedim(-1, 1)' if classes_second else 'x'}, target)"


def _value(source: Port, names: dict[NodeId, str]) -> str:
    return f"{names[source.node]}_{source.name}"


def _outputs(graph: Graph, node: NodeId, names: dict[NodeId, str]) -> str:
    return ", ".join(_value(Port(node, name), names) for name in graph.nodes[node].outputs)


def start_of(data: Arrays, weights: Arrays, trained: Sequence[str], *, threads: int, steps: int) -> list[bytes]:
    """Return what the program must be given first: the batch, the weights, which of those learn, how many steps to do."""
    told = {"threads": threads, "steps": steps, "trained": list(trained)}
    told |= {"arrays": _described(data), "weights": _described(weights)}
    return [json.dumps(told).encode() + b"\n", *(array.tobytes() for array in (*data.values(), *weights.values()))]


def _described(arrays: Arrays) -> list[Any]:
    return [[name, array.dtype.name, array.shape] for name, array in arrays.items()]
