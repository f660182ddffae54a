"""Layers and whole graphs in PyTorch, from the expressions that layers name and with our weights."""

import numpy as np

from engine.graph import Port
from engine.infer import infer
from engine.layers.input import Input
from engine.layers.output import Output


class Modules:
    """`torch.nn`, whose modules take over our weights as soon as they are made."""

    def __init__(self, nn, torch, weights, training):
        self.nn, self.torch, self.weights, self.training, self.made = nn, torch, weights, training, []

    def __getattr__(self, name):
        found = getattr(self.nn, name)
        return self._taking_over(found) if isinstance(found, type) and issubclass(found, self.nn.Module) else found

    def _taking_over(self, kind):
        def make(*args, **kwargs):
            module = kind(*args, **kwargs).double().train(self.training)
            state = module.state_dict()
            for name in state.keys() & self.weights.keys():
                assert tuple(state[name].shape) == self.weights[name].shape, name
                state[name].copy_(self.torch.as_tensor(self.weights[name]))
            missing = {n for n in state.keys() - self.weights.keys() if "num_batches" not in n}
            assert not missing, f"we have no {missing}"
            self.made.append(module)
            return module

        return make


def evaluated(layer, shapes, weights, values, training):
    """Return what PyTorch's expression gives for tensors by port, and the modules made on the way."""
    import torch
    from torch import nn
    from torch.nn import functional

    expression = layer.torch(*shapes)
    modules = Modules(nn, torch, weights, training)
    names = values | {"x": values.get("x", tuple(values.values())), "torch": torch, "nn": modules, "F": functional}
    found = eval(expression, names)
    return (found(*values.values()) if callable(found) else found), modules.made


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
