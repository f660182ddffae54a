"""Wrong use of any layer: whatever is drawn, `infer` answers in sentences and its fixes help. No layer is named here."""

import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import Layer
from engine.graph import Graph, Port
from engine.infer import infer, mend
from engine.layers.input import Input
from engine.spec import Spec
from tests.engine.networks import computes

KINDS = [pytest.param(kind, id=name) for name, kind in sorted(Layer.registry.items()) if computes(kind)]
SIZES = st.sampled_from((1, 2, 3, 4, 5, 6, 7, 8, 12, 60))


def numbers(rule, whole):
    """Yield what stands at, just within and just beyond the bounds, and what is common."""
    for bound, beyond in ((rule.min, -1), (rule.max, 1)):
        if bound is not None:
            yield from (bound, bound + beyond, bound - beyond)
    yield from (0, 1, 2, 3, 4, 5, 7) if whole else (0.0, 0.5, 1.0, float("nan"), float("inf"))


@st.composite
def values(draw, standard, wanted, rule):
    """Draw a value of the type that a parameter wants, not always one that it takes."""
    if rule.choices:
        return draw(st.sampled_from((*rule.choices, "none of them", "")))
    if isinstance(standard, bool):
        return draw(st.booleans())
    if isinstance(standard, Spec | str | None):
        return standard
    if isinstance(standard, tuple):
        inner = typing.get_args(wanted)
        one = st.sampled_from([kind(n) for kind in (inner[0],) for n in numbers(rule, kind is int)])
        size = st.integers(0, 4) if Ellipsis in inner else st.just(len(standard))
        return tuple(draw(one) for _ in range(draw(size)))
    return draw(st.sampled_from([type(standard)(n) for n in numbers(rule, isinstance(standard, int))]))


@st.composite
def layers(draw, kind):
    """Draw a layer of which up to three parameters are not as they were in one of its examples."""
    layer = draw(st.sampled_from([example.layer for example in kind.examples()]))
    names = draw(st.lists(st.sampled_from(list(kind.params())), unique=True, max_size=3)) if kind.params() else ()
    rules, types = kind.params(), kind.types()
    return layer.with_(**{name: draw(values(getattr(layer, name), types[name], rules[name])) for name in names})


@st.composite
def networks(draw, kind):
    """Draw a box with an Input of any size at each port; some of the ports share one."""
    layer = draw(layers(kind))
    graph, shapes = Graph().add("box", layer), [shape for e in kind.examples() for shape in e.inputs]
    for port in layer.ports()[:8]:
        shape = draw(st.one_of(st.sampled_from(shapes), st.lists(SIZES, max_size=5).map(tuple)))
        shapes.append(shape)
        graph = graph.add(f"in_{port}", Input(size=shape)).connect(f"in_{port}", "box", port)
    return graph


def is_sentence(text):
    return (text[:1].isupper() or text[:1].isdigit()) and text.endswith(".") and "  " not in text and len(text) < 400


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12)
@given(data=st.data())
def test_it_says_in_a_sentence_what_is_wrong_and_its_fix_helps(kind, data):
    graph = data.draw(networks(kind))
    found = infer(graph)
    if not any(problem.node == "box" for problem in found.problems):
        for name in kind.outputs:
            assert min(found.shapes[Port("box", name)], default=1) >= 1, "an empty axis leaves"
    for problem in found.problems:
        assert is_sentence(problem.what), problem.what
        assert "could not work out" not in problem.what, problem.what
        for fix in problem.fixes:
            left = infer(mend(graph, problem, fix)).problems
            assert problem.what not in [p.what for p in left if p.node == problem.node], (problem, fix)
