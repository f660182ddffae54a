"""Layers and whole graphs in PyTorch, from the expressions that layers name and with our weights."""

import numpy as np

from engine.graph import Port
from engine.infer import infer
from engine.layers.input import Input
from engine.layers.output import Output
from tests.engine.torch_code import evaluate


def evaluated(layer, shapes, weights, values, training):
    """Return what PyTorch's expression gives for tensors by port, and the modules made on the way, with our weights."""
    import torch

    own = {name: torch.tensor(array, dtype=torch.float64) for name, array in weights.items()}
    return evaluate(layer.torch(*shapes), values, own, training)


class TorchGraph:
    """A graph without composites, computed by PyTorch in float64 with our weights; tensors of inputs keep gradients."""

    def __init__(self, graph, parameters, inputs):
        import torch

        self.graph, self.parameters, self.shapes = graph, parameters, infer(graph)
        self.inputs = {node: torch.tensor(array, requires_grad=True) for node, array in inputs.items()}
        self.values, self.modules, self.outputs = {}, {}, {}
        for node in graph.order:
            self._compute(node, graph.nodes[node])

    def _compute(self, node, layer):
        given = {port: self.values[source] for port, source in self.graph.sources(node).items()}
        if isinstance(layer, Input):
            self.values[Port(node)] = self.inputs[node]
        elif isinstance(layer, Output):
            self.outputs[node] = given["x"]
        else:
            own = {
                name.removeprefix(f"{node}."): a for name, a in self.parameters.items() if name.startswith(f"{node}.")
            }
            given = {port: given[port] for port in layer.ports()}
            found, self.modules[node] = evaluated(layer, self.shapes.inputs(self.graph, node), own, given, True)
            many = found if isinstance(found, tuple) else (found,)
            self.values |= {Port(node, name): value for name, value in zip(layer.outputs, many, strict=True)}

    def gradients(self, targets):
        """Return the loss, the sum of outputs times targets over the samples, and all gradients by our names."""
        samples = len(next(iter(targets.values())))
        loss = (
            sum((self.outputs[node] * self.outputs[node].new_tensor(t)).sum() for node, t in targets.items()) / samples
        )
        loss.backward()
        found = {node: tensor.grad for node, tensor in self.inputs.items()}
        for node, modules in self.modules.items():
            for module in modules:
                found |= {f"{node}.{name}": tensor.grad for name, tensor in module.named_parameters()}
        zero = {name: np.zeros(()) for name, grad in found.items() if grad is None}
        return loss.item(), {name: grad.numpy() for name, grad in found.items() if grad is not None} | zero
