"""A dozen promises of every layer, proved on its own examples. No layer is named here."""

import inspect
import json
import typing
from functools import partial

import numpy as np
import pytest

from engine import manual
from engine.catalog import Layer
from engine.composite import Composite
from engine.graph import Graph, Port
from engine.infer import infer, mend
from engine.layer import needs
from engine.layers.input import Input
from engine.layers.output import Output
from engine.manual.text import text
from engine.plan.compile import compile
from engine.plan.predict import Predictor
from engine.spec import SpecError
from tests.engine.in_torch import evaluated
from tests.engine.networks import (
    Alone,
    all_gradients,
    cases,
    computes,
    feed,
    is_random,
    is_whole,
    layouts,
    network,
    ready,
    run,
)

KINDS = [pytest.param(kind, id=name) for name, kind in sorted(Layer.registry.items())]
COMPUTING = [pytest.param(kind, id=name) for name, kind in sorted(Layer.registry.items()) if computes(kind)]
CASES = [pytest.param(example, id=name) for name, example in cases()]
SIMPLE = [case for case in CASES if is_whole(case.values[0])]
TWINS = [case for case in CASES if len(case.values[0].inputs) > 1 and len(set(case.values[0].inputs)) == 1]


def is_sentence(text):
    return text[:1].isupper() and text.endswith((".", "?")) and "  " not in text and len(text) < 300


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_it_is(kind):
    assert is_sentence(kind.title()), kind.title()
    assert kind.category
    assert kind().problems() == {}
    assert list(kind.examples())
    for rule in kind.params().values():
        assert is_sentence(rule.doc), rule.doc
    for example in kind.examples():
        assert example.layer.problems() == {}
        assert len(example.inputs) == len(example.layer.ports())


@pytest.mark.parametrize("kind", KINDS)
def test_its_methods_need_what_their_signatures_name(kind):
    for method in ("shape", "weights", "scratch", "forward", "backward", "torch", "onnx"):
        names = [str(one).split(":")[0] for one in inspect.signature(getattr(kind(), method)).parameters.values()]
        wanted = [name.removeprefix("**") if name.startswith("**") else name.split("=")[0] for name in names]
        found = needs(kind, method)
        assert [name.replace(".", "__") for name in found] == [name.strip() for name in wanted]


@pytest.mark.parametrize("kind", COMPUTING)
def test_it_says_its_names_elsewhere(kind):
    if not issubclass(kind, Composite):
        assert kind.torch is not Layer.torch
        assert kind.onnx is not Layer.onnx
    assert text(kind).sentence in manual.page(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_being_saved(kind):
    for layer in (kind(), *(example.layer for example in kind.examples())):
        raw = json.loads(json.dumps(layer.to_dict()))
        assert Layer.from_dict(raw) == layer
        assert Layer.from_dict(raw).to_dict() == layer.to_dict()


def bad_values(kind):
    """Yield values that each parameter must refuse."""
    for name, rule in kind.params().items():
        default = getattr(kind(), name)
        beyond = [] if rule.min is None else [rule.min - 1]
        beyond += [] if rule.max is None else [rule.max * 2 + 1]
        for number in beyond if isinstance(default, float) else map(int, beyond):
            yield name, (number,) * (len(default) or 1) if isinstance(default, tuple) else number
        if rule.choices:
            yield name, "surely not one of them"


@pytest.mark.parametrize("kind", KINDS)
def test_it_refuses_bad_values(kind):
    for name, value in bad_values(kind):
        found = kind(**{name: value}).problems()
        assert list(found) == [name], (name, value)
        assert is_sentence(found[name]), found[name]


@pytest.mark.parametrize("kind", KINDS)
def test_it_refuses_values_of_another_type(kind):
    for name in kind.params():
        raw = kind().to_dict() | {name: {"no": "such thing"}}
        with pytest.raises(SpecError) as caught:
            Layer.from_dict(raw)
        assert is_sentence(str(caught.value)), caught.value


def wired(kind, shapes):
    layer = next(iter(kind.examples())).layer
    graph = Graph().add("box", layer)
    for port, shape in zip(layer.ports(), shapes, strict=True):
        graph = graph.add(f"in_{port}", Input(size=shape)).connect(f"in_{port}", "box", port)
    return graph


SHAPES = [(5,) * rank for rank in range(5)] + [(1,) * rank for rank in range(1, 5)] + [(7, 2), (2, 7, 1), (3, 1, 9, 2)]


@pytest.mark.parametrize("kind", COMPUTING)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_wrong_shape_is_a_sentence(kind, shape):
    """Every port gets `shape`, then every port but the last, which keeps an example's."""
    example = next(iter(kind.examples()))
    for shapes in {(shape,) * len(example.inputs), (*(shape for _ in example.inputs[1:]), *example.inputs[-1:])}:
        found = infer(wired(kind, shapes))
        for problem in found.problems:
            assert is_sentence(problem.what), problem.what
            assert "could not work out" not in problem.what, problem.what
        assert found.problems or all(Port("box", name) in found.shapes for name in kind.outputs)


@pytest.mark.parametrize("example", CASES)
@pytest.mark.parametrize("batch", [1, 3])
def test_gradients_by_central_differences(example, batch, witness):
    plan, drawn = ready(example, batch)
    run(plan)
    gradients = all_gradients(plan, example.integers)
    rng = np.random.default_rng(1)
    for name, gradient in gradients.items():
        for direction in directions(rng, gradient.shape):
            found = slope(plan, drawn, name, direction)
            expected = float((gradient * direction).sum())
            size = max(abs(expected), 0.1 * float(np.linalg.norm(gradient) * np.linalg.norm(direction)))
            apart = abs(found - expected) / (size + 0.01)
            witness.apart(type(example.layer), "central differences", "gradients in float64", apart, 1e-6)


def directions(rng, shape):
    """Yield two random directions and up to eight single places."""
    yield rng.normal(size=shape)
    yield rng.normal(size=shape)
    for place in rng.permutation(int(np.prod(shape)))[:8]:
        one = np.zeros(shape)
        one[np.unravel_index(place, shape)] = 1
        yield one


def slope(plan, drawn, name, direction, step=1e-6):
    """Return how the loss changes when one array moves, by central differences."""
    found = []
    for sign in (1, -1):
        if name in drawn.inputs:
            plan.load(drawn.inputs | {name: drawn.inputs[name] + sign * step * direction}, drawn.targets)
            found.append(run(plan))
            plan.load(drawn.inputs, drawn.targets)
        else:
            kept = plan.parameters[name].copy()
            plan.parameters[name][...] = kept + sign * step * direction
            found.append(run(plan))
            plan.parameters[name][...] = kept
    return (found[0] - found[1]) / (2 * step)


@pytest.mark.parametrize("example", CASES)
def test_the_shape_rule_tells_the_truth(example):
    """What `infer` says is what comes out, and single precision is close to double."""
    plan, _ = ready(example, 3)
    run(plan)
    single, _ = ready(example, 3, dtype=np.float32)
    run(single)
    for node, value in plan.outputs().items():
        source = plan.graph.sources(node)["x"]
        assert value.shape == (3, *plan.inference.shapes[source])
        if not is_random(example):
            np.testing.assert_allclose(single.outputs()[node], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("example", CASES)
def test_poison_changes_nothing(example):
    """Values that a call reads after the plan has given their memory away would become NaN."""
    results = []
    for poison in (False, True):
        plan, _ = ready(example, 3, poison=poison)
        for _ in range(2):
            loss = run(plan)
        results.append((loss, all_gradients(plan, example.integers), {k: v.copy() for k, v in plan.outputs().items()}))
    (loss, gradients, outputs), (loss2, gradients2, outputs2) = results
    assert loss == loss2
    for one, other in ((gradients, gradients2), (outputs, outputs2)):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.parametrize("example", CASES)
def test_a_batch_is_its_samples(example):
    """At inference a sample's answer does not depend on its neighbours or on the size of the batch."""
    plan, drawn = ready(example, 5, dtype=np.float32)
    inputs = {node: array.astype(np.float32) for node, array in drawn.inputs.items()}
    together = Predictor(plan.graph, plan.parameters, batch=5).outputs(inputs)
    alone = Predictor(plan.graph, plan.parameters, batch=2).outputs(inputs)
    for node in together:
        np.testing.assert_allclose(alone[node], together[node], rtol=1e-5, atol=1e-6)


def answers(plan, inputs):
    return Predictor(plan.graph, plan.parameters, batch=2, dtype=np.float64).outputs(inputs)


@pytest.mark.parametrize("example", [case for case in CASES if case.values[0].layer.straight])
def test_what_is_straight_makes_of_a_sum_the_sum(example):
    plan, drawn = ready(example, 4)
    pairs = [{node: array[part] for node, array in drawn.inputs.items()} for part in (slice(2), slice(2, 4))]
    both, none = ({node: (array[:2] + array[2:]) * factor for node, array in drawn.inputs.items()} for factor in (1, 0))
    one, other, whole, bias = (answers(plan, inputs) for inputs in (*pairs, both, none))
    for node in whole:
        np.testing.assert_allclose(whole[node], one[node] + other[node] - bias[node], atol=1e-9)


@pytest.mark.parametrize("example", [case for case in CASES if case.values[0].layer.never_negative])
def test_what_is_never_negative_is_not(example):
    plan, drawn = ready(example, 4)
    assert min(found.min() for found in answers(plan, {n: 9 * a for n, a in drawn.inputs.items()}).values()) >= 0


@pytest.mark.parametrize("example", SIMPLE)
def test_memory_order_does_not_matter(example):
    alone = Alone(example, 3)
    expected = alone.run(alone.inputs, alone.grads)
    orders = zip(*(list(layouts(a)) for a in (*alone.inputs.values(), *alone.grads.values())), strict=True)
    for order in orders:
        if order[0][0] == "Fortran order" and is_random(example):
            continue  # random numbers are drawn in the order of memory: see test_samples_last.py
        names = iter(order)
        inputs = {port: next(names)[1] for port in alone.inputs}
        grads = {name: next(names)[1] for name in alone.grads}
        for name, array in alone.run(inputs, grads).items():
            np.testing.assert_allclose(array, expected[name], rtol=1e-9, atol=1e-12, err_msg=f"{order[0][0]}: {name}")


@pytest.mark.parametrize("example", SIMPLE)
def test_a_gradient_that_nobody_wants_changes_no_other(example):
    """The port of an Input gets none, for one; a layer with nothing else to learn is then not asked at all."""
    alone = Alone(example, 3)
    if example.integers or len(alone.inputs) + len(alone.weights) < 2:
        return
    expected = alone.run(alone.inputs, alone.grads)
    for port in alone.inputs:
        found = alone.run(alone.inputs, alone.grads, unwanted=port)
        assert expected.keys() - found.keys() == {f"grad_{port}"}
        for name, array in found.items():
            np.testing.assert_allclose(array, expected[name], rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("example", CASES)
def test_a_box_has_room_for_what_it_says(example):
    assert len(example.layer.summary()) < 40
    assert "\n" not in example.layer.summary()
    assert example.layer.multiply_adds(*example.inputs) >= 0


def other_values(layer):
    """Yield the layer with one parameter changed at a time, to values that it takes but that may suit no input."""
    for name, rule in layer.params().items():
        value, wanted = getattr(layer, name), layer.types()[name]
        others = list(rule.choices)
        if wanted in (int, float):
            others += [wanted(n) for n in (rule.min, 2, 3, 5, min(rule.max, 600)) if n is not None]
        if isinstance(value, tuple) and value and isinstance(value[0], int):
            others += [(n,) * len(value) for n in (max(rule.min, -1), 2, 3, 60)]
            others += [(*value, 2), (), (0,)] if Ellipsis in typing.get_args(wanted) else []
        yield from (layer.with_(**{name: other}) for other in others)


@pytest.mark.parametrize("example", [case for case in CASES if case.values[0].layer.params()])
def test_an_unsuitable_value_is_a_sentence_and_its_fix_helps(example):
    graph = network(example)
    for layer in other_values(example.layer):
        changed = Graph({**graph.nodes, "box": layer}, graph.wires)
        for problem in infer(changed).problems:
            assert is_sentence(problem.what), problem.what
            assert "could not work out" not in problem.what, (layer, problem.what)
            for fix in problem.fixes:
                left = infer(mend(changed, problem, fix)).problems
                assert problem.what not in [p.what for p in left if p.node == problem.node], (layer, fix)


@pytest.mark.parametrize("example", SIMPLE)
def test_inputs_are_not_written_to(example):
    alone = Alone(example, 3)
    kept = {name: array.copy() for name, array in (alone.inputs | alone.grads).items()}
    for array in alone.inputs.values():
        array.flags.writeable = False
    alone.run(alone.inputs, alone.grads)
    for name, array in alone.inputs.items():
        np.testing.assert_array_equal(array, kept[name])


@pytest.mark.parametrize("example", TWINS)
def test_one_value_may_feed_every_port(example):
    """The same box wired to all ports: its gradient is the sum of the gradients at the ports."""
    plan, drawn = ready(example, 3)
    shared = network(example)
    for port in example.layer.ports():
        shared = shared.connect(f"in_{example.layer.ports()[0]}", "box", port)
    both = compile(
        shared.remove(f"in_{port}" for port in example.layer.ports()[1:]), 3, dtype=np.float64, input_gradients=True
    )
    both.state.restore(plan.state.arrays())
    (value,) = feed(both, np.random.default_rng(0)).inputs.values()
    both.load(dict.fromkeys(both.inputs, value), drawn.targets)
    plan.load(dict.fromkeys(plan.inputs, value), drawn.targets)
    assert run(both) == pytest.approx(run(plan), rel=1e-12)
    (found,) = both.input_gradients().values()
    np.testing.assert_allclose(found, sum(plan.input_gradients().values()), rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------------- PyTorch


def in_torch(example, weights, inputs, training):
    """Return what PyTorch's expression gives, the modules made on the way, and the inputs as tensors."""
    import torch

    tensors = {p: torch.tensor(a, requires_grad=not example.integers) for p, a in inputs.items()}
    values = {p: t.long() if example.integers else t for p, t in tensors.items()}
    return *evaluated(example.layer, example.inputs, weights, values, training), tensors


def has_twin(example):
    """Tell whether the layer names a PyTorch expression; a composite may leave that to its parts."""
    return type(example.layer).torch is not Layer.torch and bool(example.layer.torch(*example.inputs))


TORCH_CASES = [case for case in CASES if has_twin(case.values[0])]
STEADY = [case for case in TORCH_CASES if not is_random(case.values[0])]


def by_port(example, drawn):
    return {port: drawn.inputs[f"in_{port}"] for port in example.layer.ports()}


@pytest.mark.oracle
@pytest.mark.parametrize("example", STEADY)
def test_it_trains_as_pytorch_does(example, witness):
    compare = partial(witness.alike, type(example.layer), "PyTorch")
    plan, drawn = ready(example, 3)
    weights = {name.removeprefix("box."): array.copy() for name, array in plan.parameters.items()}
    plan.run()
    found, modules, tensors = in_torch(example, weights, by_port(example, drawn), training=True)
    loss = 0
    for name, theirs in every_output(example, found):
        compare("values in float64", plan.outputs()[name], theirs.detach(), 1e-9)
        loss = loss + (theirs * theirs.new_tensor(drawn.targets[name])).sum() / 3
    loss.backward()
    if not example.integers:
        for port, tensor in tensors.items():
            compare("gradients in float64", plan.input_gradients()[f"in_{port}"], tensor.grad, 1e-8)
    check_weights(plan, modules, compare)


def every_output(example, found):
    """Return the name of each Output, and what PyTorch says there."""
    many = found if isinstance(found, tuple) else (found,)
    return zip(("out_" + name for name in example.layer.outputs), many, strict=True)


def check_weights(plan, modules, compare):
    """Compare the gradient of all that we train, and the value of all that only `forward` writes."""
    seen = set()
    for module in modules:
        theirs = {name: tensor.grad for name, tensor in module.named_parameters()} | dict(module.named_buffers())
        for name in theirs.keys() & {name.removeprefix("box.") for name in plan.parameters}:
            trained = f"box.{name}" in plan.gradients
            if trained or name not in dict(module.named_parameters()):
                ours = plan.gradients if trained else plan.parameters
                compare("gradients in float64", ours[f"box.{name}"], theirs[name].detach(), 1e-8)
            seen.add(f"box.{name}")
    assert seen == set(plan.parameters)


@pytest.mark.oracle
@pytest.mark.parametrize("example", TORCH_CASES)
def test_it_answers_as_pytorch_does(example, witness):
    """At inference, in single precision, to a hundred-thousandth."""
    plan, drawn = ready(example, 3, dtype=np.float32)
    weights = {name.removeprefix("box."): array for name, array in plan.parameters.items()}
    inputs = {node: array.astype(np.float32) for node, array in drawn.inputs.items()}
    ours = Predictor(plan.graph, plan.parameters, batch=3).outputs(inputs)
    found, _, _ = in_torch(example, weights, by_port(example, drawn), training=False)
    for name, theirs in every_output(example, found):
        witness.alike(type(example.layer), "PyTorch", "answers in float32", ours[name], theirs.detach(), 1e-5)


def test_outputs_follow_their_loss():
    """An Output takes what its loss takes."""
    for example in Output.examples():
        assert infer(network_to(example)).problems == ()


def network_to(example):
    return Graph().add("in", Input(size=example.inputs[0])).add("out", example.layer, "in")


RANDOM = [case for case in CASES if is_random(case.values[0])]


@pytest.mark.parametrize("example", RANDOM)
def test_chance_acts_in_training_only_and_can_be_repeated(example):
    plan, drawn = ready(example, 4)
    seen = []
    for seed in (1, 1, 2):
        plan.state.rng.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        plan.run()
        seen.append({node: value.copy() for node, value in plan.outputs().items()})
    answers = [Predictor(plan.graph, plan.parameters, dtype=np.float64).outputs(drawn.inputs) for _ in range(2)]
    for node in seen[0]:
        np.testing.assert_array_equal(seen[0][node], seen[1][node])
        if not np.array_equal(seen[0][node], answers[0][node]):  # an example may leave chance out
            assert not np.array_equal(seen[0][node], seen[2][node])
        np.testing.assert_array_equal(answers[0][node], answers[1][node])
