"""The layer contract: what a file in `engine/layers/` must say, and nothing more."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, Literal, Protocol

from engine.arrays import Shape
from engine.learning import USUAL, Learning
from engine.problems import Fix, Insert
from engine.spec import Param, Spec, param

# Names that a forward or backward may ask for besides its ports, weights and scratch arrays.
SPECIAL = ("training", "rng", "workers")


class ShapeError(Exception):
    """The layer cannot take this input; the text is a whole sentence for the person at the canvas.

    `port` is the input that is to blame (the first where it is not given), `fixes` what would mend it.
    """

    def __init__(self, text: str, *fixes: Fix, port: str = "") -> None:
        super().__init__(text)
        self.fixes, self.port = fixes, port


class Draw(Protocol):
    """How a weight gets its first values; every member of the `Initializer` family is one."""

    def draw(self, rng: Any, shape: Shape, fan_in: int, fan_out: int) -> Any:
        """Return an array of `shape` in float64."""


@dataclass(frozen=True)
class Weight:
    """One array that belongs to a layer and outlives the step.

    `shape` is PyTorch's. It starts from `initializer` where one is given, else filled with `fill`. `trained` weights get
    a gradient and an optimizer; the others (running statistics) are only written by `forward`. `memory` is the order of
    axes in which it lies in memory where that is not PyTorch's: (2, 3, 1, 0) stores (F, C, H, W) as (H, W, C, F).
    `units` is the axis of its units, where it can be normalised (engine/normalised). `learning` is filled in from the
    layer's own.
    """

    shape: Shape
    initializer: Draw | None = None
    fan_in: int = 1
    fan_out: int = 1
    fill: float = 0.0
    trained: bool = True
    memory: tuple[int, ...] = ()
    units: int | None = None
    learning: Learning = USUAL

    @property
    def learns(self) -> bool:
        """Whether it gets a gradient and an optimizer: it could, and is not frozen."""
        return self.trained and not self.learning.frozen

    def under(self, learning: Learning) -> Weight:
        """Return the weight as `learning` says that it learns."""
        return self if learning == self.learning else replace(self, learning=learning)


@dataclass(frozen=True)
class Scratch:
    """A working array of one step. Its first axis is the batch unless `batched` is false.

    `dtype` "" is the plan's own (float32, or float64 when checking); else a NumPy name such as "bool" or "intp". It
    lives from `forward` to `backward` where `backward` names it, else only during the call that names it. One that is
    `kept` starts at zero, is nobody else's, and keeps its values from step to step: for borders that stay zero.
    One that is `shared` is the same array for all workers.
    """

    shape: Shape
    batched: bool = True
    dtype: str = ""
    kept: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Example:
    """A worked case of a layer: the tests run it and the manual page shows it.

    `inputs` are the shapes at its ports, in order. `integers` is set where the inputs are numbers of classes or tokens:
    they are then drawn from 0 to `integers` - 1, and have no gradient.
    """

    layer: Layer
    inputs: tuple[Shape, ...]
    integers: int = 0


class Workers:
    """Those who share the samples of a step, each with its part of them; this one is alone.

    A layer whose result depends on the whole batch, as BatchNorm's does, asks for `workers` and adds up its sums.
    """

    def samples(self, here: int) -> int:
        """Return how many samples the step has in all, of which `here` are this worker's."""
        return here

    def sum(self, values: Any) -> None:
        """Replace a small array by its sum over all workers, equal to the last bit for all of them."""

    def meet(self) -> None:
        """Wait until all have come here. What any of them wrote before is then seen by all."""


class OnnxGraph(Protocol):
    """The small language in which a layer describes itself to ONNX; values are their names."""

    opset: int

    def op(self, kind: str, /, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add one ONNX operator; return its output's name, or a tuple of names where there are several."""

    def weight(self, name: str) -> str:
        """Return the name of one of this box's weights."""

    def weight_array(self, name: str) -> Any:
        """Return the values of one of this box's weights, for those that must be rearranged."""

    def constant(self, value: Any) -> str:
        """Add an array of fixed values."""

    def shape(self, port: str) -> Shape:
        """Return the inferred shape of one sample at a port of this box."""


class Parts(Protocol):
    """Where a layer says what the compiler puts in its place (engine/lowering.py); wires are opaque.

    `shapes` and `masks` are those at the ports: a mask is (N, steps), 1 at a step and 0 at padding; None where nothing is
    padded. `mask` is to be set where the output has other steps than the inputs.
    """

    shapes: tuple[Shape, ...]
    masks: tuple[Any, ...]
    mask: Any

    def add(self, part: str, layer: Layer, *inputs: Any) -> Any:
        """Add a box behind `inputs` and return its output. The one named "" takes the place of the layer.

        One named `_l0`, `_l1`, ... has the weights that the layer calls so: `weight_ih_l1` for its own `weight_ih_l0`.
        """


class Layer(Spec, family=True):
    """A box that can stand on the canvas.

    Arrays arrive by name, the batch axis first. `forward` may name the input ports, the weights, the scratch arrays, the
    outputs (`y`), and any of SPECIAL; `backward` also `grad_` and the name of a port, an output or a trained weight. It
    must overwrite every `grad_` of a port and of a weight that it names. What `backward` does not name need not survive
    `forward`. `grad_` of a port is None where nobody needs it; a weight that this layer does not have is None. Values at
    an input are never written to. A layer with a variadic shape rule (`def shape(self, *x)`) has a parameter `inputs`;
    its `x` and `grad_x` arrive as tuples.

    Both may name `augmented_` and a port: its values with a feature of ones behind them, (N, F + 1), where the plan keeps
    them so, else None. Vectors (N, F) that come to a layer that names it, and go from it, may lie in memory as (F, N), each
    port for itself; those around a layer that works on each value by itself (`apart`) may, all alike.
    """

    category: ClassVar[str] = ""
    outputs: ClassVar[tuple[str, ...]] = ("y",)
    divides: ClassVar[bool] = False  # several workers divide its units (engine/plan/divided.py)
    idle: ClassVar[bool] = False  # hands its one input on, unchanged, where it answers (engine/plan/answering.py)
    mixes: ClassVar[bool] = False  # mixes samples, and says which by `partner` and `share` (engine/plan/mixing.py)
    skips_frozen: ClassVar[bool] = False  # backward takes None for the gradient of a weight that is frozen
    # What a hint may say of it (engine/hints.py), as it answers:
    straight: ClassVar[Literal["", "passes", "weighs"]] = (
        ""  # passes sums on as sums, or weighs them with what it learns
    )
    never_negative: ClassVar[bool] = False
    # What the compiler may use:
    in_place: ClassVar[bool] = False  # forward may write its output over its first input
    # and of layers with one input x (engine/plan/passes.py):
    monotone: ClassVar[bool] = False  # works on each value by itself, and a larger one never gets a smaller result
    selects_largest: ClassVar[bool] = False  # every value of its output is the largest of some of its input
    # What of a series it works on by itself, so that padding disturbs nothing: a "value", or a "step" with its features.
    apart: ClassVar[Literal["", "value", "step"]] = ""
    learning: Learning = param("How its weights learn.", default=USUAL, advanced=True)

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(abstract=abstract, **kwargs)
        if not abstract:
            _check_names(cls)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        """Yield worked cases: one with the defaults, and one for each thing that can be different."""
        raise NotImplementedError

    @classmethod
    def has_weights(cls) -> bool:
        """Tell whether such a layer may have weights, and so says how they learn."""
        return cls.weights is not Layer.weights

    @classmethod
    @cache
    def params(cls) -> dict[str, Param]:
        """Return the declared fields by name; how weights learn comes last, and only where there may be some."""
        found = dict(super().params())
        learning = found.pop("learning")
        return found | ({"learning": learning} if cls.has_weights() else {})

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without what says that weights learn as they usually do."""
        found = super().to_dict()
        if self.learning == USUAL:
            found.pop("learning", None)
        return found

    def ports(self) -> tuple[str, ...]:
        """Return the input ports: the parameters of the shape rule."""
        names = needs(type(self), "shape")
        if names and names[0].startswith("*"):
            most = self.params()["inputs"].max or 0  # a file may ask for a thousand million
            return tuple(f"{names[0][1:]}{i + 1}" for i in range(min(self.inputs, int(most))))  # type: ignore[attr-defined]
        return names

    def shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of one sample of the output, given those at the ports; raise ShapeError where none fits.

        A layer with several outputs returns a tuple of shapes.
        """
        raise NotImplementedError

    def weights(self, *args: Any, **kwargs: Any) -> dict[str, Weight]:
        """Return the weights by PyTorch's names, given the shapes at the ports."""
        return {}

    def own_weights(self, *inputs: Shape) -> dict[str, Weight]:
        """Return the weights, given the shapes at the ports, each with what this layer says of how it learns."""
        return {name: weight.under(self.learning.of(name)) for name, weight in self.weights(*inputs).items()}

    def weight_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        """Return the shape of every weight behind inputs of these shapes, also of the boxes that it is made of."""
        return {name: weight.shape for name, weight in self.weights(*inputs).items()}

    def scratch(self, *args: Any, **kwargs: Any) -> dict[str, Scratch]:
        """Return the working arrays of one step by name."""
        return {}

    def forward(self, *args: Any, **kwargs: Any) -> None:
        """Compute the outputs."""
        raise NotImplementedError

    def backward(self, *args: Any, **kwargs: Any) -> None:
        """Compute the gradients at the ports and of the weights from those at the outputs."""
        raise NotImplementedError

    def gradient_part(self, x: Any, grad_y: Any, part: slice, out: Any) -> None:
        """Write a part of the gradient of `weight`, those values as they lie in memory; only where that can be told apart.

        Where several workers train, a large weight is then learned so, with the samples of all in `x` and `grad_y`;
        `backward` gets None for `grad_weight`.
        """
        raise NotImplementedError

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        """Return the name of the mask of the output, given those of the series at the ports; None: nothing is padded.

        `own` is the name of a new one, for an output with other steps. Raises ShapeError where padding would disturb.
        """
        if not any(masks):
            return None
        if not self.apart or (self.apart == "step" and min(map(len, inputs)) < 2):
            raise mixes_steps(self, masks)
        return one_mask(self, masks, *inputs)

    def lowers(self, *inputs: Shape) -> bool:
        """Tell whether `lower` puts other boxes in its place also where nothing is padded."""
        return False

    def lower(self, parts: Parts, *inputs: Any) -> None:
        """Say what computes this layer where a series is padded, or always where it `lowers`."""
        parts.add("", self, *inputs)

    def onnx(self, g: OnnxGraph, /, *inputs: Any, **kwargs: Any) -> Any:
        """Describe the layer, as it is at inference, in ONNX operators; return the name of the output."""
        raise NotImplementedError

    def torch(self, *args: Any, **kwargs: Any) -> str:
        """Return a PyTorch expression, given the shapes at the ports.

        Either a module that is called with the inputs in order, `nn.ReLU()`; or an expression over the ports' names in
        which at most one module stands, called where it is needed: `nn.LSTM(3, 4, batch_first=True)(x)[0]`,
        `torch.cat((x1, x2), 1)`. Known names: torch, nn and F. It is a module alone exactly where no port is named.
        """
        raise NotImplementedError

    def summary(self) -> str:
        """Return the most telling parameters in a few words, for the box on the canvas."""
        return ""

    def algorithm(self, *args: Any, **kwargs: Any) -> str:
        """Return in a few words how it is computed for these shapes, where there is a choice."""
        return ""

    def multiply_adds(self, *args: Any, **kwargs: Any) -> int:
        """Return the multiply-adds of one sample's forward; 0 where they do not matter."""
        return 0


class Pointwise(Layer, abstract=True):
    """A layer with one input whose output has the same shape."""

    def shape(self, x: Shape) -> Shape:
        return x


FORGET = Insert("ForgetPadding")


def mixes_steps(layer: Layer, masks: Sequence[str | None], why: str = "") -> ShapeError:
    """Return the error of a layer that cannot leave padded steps out."""
    port = next(port for port, mask in zip(layer.ports(), masks, strict=True) if mask)
    reason = why or "mixes the steps of a series and cannot leave out those that are padding"
    return ShapeError(
        f"{type(layer).__name__} {reason}. Put a ForgetPadding before it, or pool the steps.", FORGET, port=port
    )


def one_mask(layer: Layer, masks: Sequence[str | None], *inputs: Shape) -> str | None:
    """Return the one mask of all series that a layer joins step by step; raise ShapeError where they have several."""
    found = {mask: shape[0] for mask, shape in zip(masks, inputs, strict=True) if mask}
    if len(found) > 1 or max(found.values()) < max(shape[0] for shape in inputs if shape):
        raise mixes_steps(layer, masks, "joins series step by step, but they are padded in different ways")
    return next(iter(found))


def _parameters(cls: type, method: str) -> tuple[str, ...]:
    code = inspect.unwrap(getattr(cls, method)).__code__  # `inspect.signature` takes ten times as long
    first, count = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    names, more = list(code.co_varnames[:count]), list(code.co_varnames[count:])
    if code.co_flags & inspect.CO_VARARGS:
        names.insert(first, "*" + more.pop(0))
    if code.co_flags & inspect.CO_VARKEYWORDS:
        names.append(more.pop(0))
    return tuple(name if name.startswith("*") else name.replace("__", ".") for name in names[1:])


needs: Callable[[type, str], tuple[str, ...]] = cache(_parameters)
"""Return the names that a method of a layer asks for; a variadic one starts with `*`, and `a__b` asks for `a.b`."""


def _check_names(cls: type[Layer]) -> None:
    """Raise TypeError where forward or backward asks for an array that the layer does not have."""
    ports = [name.lstrip("*") for name in needs(cls, "shape")]
    known: set[str] = {*SPECIAL, *cls.outputs, *ports, *(f"augmented_{name}" for name in ports)}
    for example in cls.examples():
        known |= example.layer.weights(*example.inputs).keys() | example.layer.scratch(*example.inputs).keys()
    gradients = {f"grad_{name}" for name in known.difference(SPECIAL)}
    for method, allowed in (("forward", known), ("backward", known | gradients)):
        unknown = set(needs(cls, method)) - allowed
        if unknown and getattr(cls, method) is not getattr(Layer, method):
            raise TypeError(f"{cls.__name__}.{method} asks for {', '.join(sorted(unknown))}, which it does not have")
