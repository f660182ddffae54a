"""Two large networks, by which memory is measured."""

from __future__ import annotations

from engine.bench.network import CLASSES, Network, numbered
from engine.graph import Graph
from engine.layer import Layer
from engine.layers.add import Add
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.global_average_pool2d import GlobalAveragePool2D
from engine.layers.input import Input
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.relu import ReLU

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))  # inner filters, blocks, stride of the first


def vgg11(batch: int = 32, side: int = 64, hidden: int = 4096) -> Network:
    """Return VGG-11 for small images: Simonyan and Zisserman, 2015, table 1, column A."""
    boxes: list[Layer] = []
    for filters in (64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0):
        boxes += [Conv2D(filters=filters), ReLU()] if filters else [MaxPool2D()]
    boxes += [Flatten(), Dense(units=hidden), ReLU(), Dense(units=hidden), ReLU(), Dense(units=CLASSES)]
    return Network((batch, 3, side, side), numbered(*boxes))


def resnet50(side: int = 224, classes: int = 1000) -> Graph:
    """Return ResNet-50, 25.6 million parameters: He et al., 2016, table 1; the stride is in the 3 × 3 convolution."""
    graph = Graph().add("input", Input(size=(3, side, side)))
    graph = _normalised(graph, "stem", Conv2D(filters=64, kernel=(7, 7), stride=(2, 2), use_bias=False), "input")
    graph = graph.add("stem/relu", ReLU(), "stem/bn")
    last = "pool"
    graph = graph.add(last, MaxPool2D(), "stem/relu")
    for stage, (filters, blocks, stride) in enumerate(STAGES, 2):
        for number in range(blocks):
            name = f"stage{stage}.{number}"
            graph = _bottleneck(graph, name, last, filters, stride if number == 0 else 1, number == 0)
            last = f"{name}/relu"
    graph = graph.add("mean", GlobalAveragePool2D(), last).add("head", Dense(units=classes), "mean")
    return graph.add("output", Output(), "head")


def _bottleneck(graph: Graph, name: str, before: str, filters: int, stride: int, project: bool) -> Graph:
    """Return the graph with one block behind `before`; it ends in the box `name`/relu."""
    last, step = before, (stride, stride)
    for number, (count, side) in enumerate(((filters, 1), (filters, 3)), 1):
        layer = Conv2D(filters=count, kernel=(side, side), stride=step if side == 3 else (1, 1), use_bias=False)
        graph = _normalised(graph, f"{name}/{number}", layer, last)
        last = f"{name}/relu{number}"
        graph = graph.add(last, ReLU(), f"{name}/{number}/bn")
    graph = _normalised(graph, f"{name}/3", Conv2D(filters=4 * filters, kernel=(1, 1), use_bias=False), last)
    shortcut = before
    if project:
        layer = Conv2D(filters=4 * filters, kernel=(1, 1), stride=step, use_bias=False)
        graph, shortcut = _normalised(graph, f"{name}/0", layer, before), f"{name}/0/bn"
    return graph.add(f"{name}/add", Add(), f"{name}/3/bn", shortcut).add(f"{name}/relu", ReLU(), f"{name}/add")


def _normalised(graph: Graph, name: str, layer: Layer, before: str) -> Graph:
    return graph.add(f"{name}/conv", layer, before).add(f"{name}/bn", BatchNorm(), f"{name}/conv")
