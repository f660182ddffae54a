"""Declared things: what they take, what they refuse, and how they survive being saved."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import FAMILIES, Layer
from engine.data.settings import DataSettings
from engine.initializers.glorot import GlorotNormal
from engine.layers.dense import Dense
from engine.loss import Loss
from engine.optimizers.adam import Adam
from engine.spec import Spec, SpecError, param
from engine.training.settings import TrainingSettings
from tests.engine.networks import every_kind


class Sample(Spec, abstract=True):
    """One field of every type that a Spec may have."""

    count: int = param("A whole number.", default=3, min=1, max=10)
    rate: float = param("A number.", default=0.5, min=0.0, max=1.0)
    name: str = param("A text.", default="a")
    choice: str = param("One of three.", default="x", choices=("x", "y", "z"))
    flag: bool = param("Yes or no.", default=True)
    size: tuple[int, ...] = param("Several.", default=(1, 2), min=1, max=9)
    pair: tuple[int, str] = param("Two things.", default=(1, "b"))
    either: int | tuple[int, int] = param("One or two.", default=1, min=0)
    maybe: Loss | None = param("Another Spec, or none.", default=None)
    many: tuple[Loss, ...] = param("Other Specs.", default=())


def losses():
    return st.sampled_from([kind() for kind in Loss.registry.values()])


SAMPLES = st.builds(
    Sample,
    count=st.integers(),
    rate=st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    name=st.text(),
    choice=st.text(max_size=2),
    flag=st.booleans(),
    size=st.lists(st.integers(), max_size=4).map(tuple),
    pair=st.tuples(st.integers(), st.text()),
    either=st.integers() | st.tuples(st.integers(), st.integers()),
    maybe=st.none() | losses(),
    many=st.lists(losses(), max_size=3).map(tuple),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(SAMPLES)
def test_round_trip(sample):
    assert Sample.from_dict(json.loads(json.dumps(sample.to_dict()))) == sample
    assert pickle.loads(pickle.dumps(sample)) == sample
    hash(sample)


@given(SAMPLES)
def test_problems_are_sentences(sample):
    for name, text in sample.problems().items():
        assert text.lower().startswith(name.split(".")[0].replace("_", " "))
        assert text.endswith(".")
        assert len(text) < 400


@given(SAMPLES)
def test_values_in_range_have_no_problem(sample):
    good = sample.with_(
        count=min(max(sample.count, 1), 10),
        rate=min(max(sample.rate, 0.0), 1.0),
        choice="z",
        size=tuple(min(max(n, 1), 9) for n in sample.size),
        either=0,
    )
    assert good.problems() == {}


@given(st.sampled_from(sorted(Sample.params())), JSON)
def test_any_json_is_taken_or_refused(name, value):
    raw = json.loads(json.dumps(Sample().to_dict() | {name: value}))
    try:
        sample = Sample.from_dict(raw)
    except SpecError as error:
        assert str(error).endswith(".")  # noqa: PT017  (either way is right)
    else:
        assert json.loads(json.dumps(sample.to_dict()))[name] == raw[name]
        sample.problems()


@given(JSON)
def test_no_json_breaks_a_family(raw):
    for base in FAMILIES.values():
        try:
            base.from_dict(raw)
        except SpecError as error:
            assert str(error).endswith(".")  # noqa: PT017


@pytest.mark.parametrize("raw", [{}, [], None, 3, "Dense", {"type": 3}, {"type": "Nobody"}, {"type": "Layer"}], ids=str)
def test_what_is_no_layer_is_refused(raw):
    with pytest.raises(SpecError, match=r"\.$"):
        Layer.from_dict(raw)


def test_refusals_say_what_was_expected():
    cases = (
        ("units", "many", "Dense: units must be a whole number, not 'many'."),
        ("units", True, "Dense: units must be a whole number, not True."),
        ("use_bias", 1, "Dense: use bias must be yes or no, not 1."),
        ("initializer", {"type": "Adam"}, "There is no Initializer named 'Adam'."),
        ("speed", 3, "Dense has no parameter 'speed'."),
    )
    for name, value, text in cases:
        with pytest.raises(SpecError) as caught:
            Layer.from_dict({"type": "Dense", name: value})
        assert str(caught.value) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"count": 0}, "Count must be at least 1, not 0."),
        ({"count": 10**400}, "Count must be at most 10, not 1"),
        ({"count": 2.5}, "Count must be a whole number, not 2.5."),
        ({"rate": float("nan")}, "Rate must be a finite number, not nan."),
        ({"rate": 1.0000001}, "Rate must be at most 1, not 1.0000001."),
        ({"choice": "w"}, "Choice must be one of x, y, z, not 'w'."),
        ({"size": (1, 0)}, "Size must be at least 1, not 0."),
        ({"size": [1]}, "Size must be a list, each entry a whole number, not [1]."),
        ({"pair": (1,)}, "Pair must be a list of 2: a whole number, a text, not (1,)."),
        ({"either": "a"}, "Either must be a whole number or a list of 2: a whole number, a whole number, not 'a'."),
    ],
    ids=str,
)
def test_problems_say_what_was_expected(changes, text):
    (found,) = Sample(**changes).problems().values()
    assert found.startswith(text)


def test_problems_of_inner_specs_are_found():
    settings = TrainingSettings(optimizer=Adam(beta1=2.0))
    assert settings.problems() == {"optimizer.beta1": "Beta1 must be at most 0.9999, not 2."}


def test_equal_values_of_other_types_have_their_own_problems():
    assert Dense(units=1) == Dense(units=True) == Dense(units=1.0)
    assert [len(Dense(units=value).problems()) for value in (1, True, 1.0, 1)] == [0, 1, 1, 0]


def test_problems_cannot_be_spoilt_from_outside():
    layer = Dense(units=0)
    layer.problems().clear()
    assert layer.problems()


def test_a_spec_is_a_value():
    layer = Dense(units=3)
    assert layer == Dense(units=3)
    assert layer != layer.with_(units=4)
    assert len({layer, Dense(units=3), layer.with_(initializer=GlorotNormal())}) == 2
    with pytest.raises(AttributeError):
        layer.units = 4
    with pytest.raises(AttributeError):
        del layer.units
    assert layer.units == 3


def test_what_a_class_without_fields_of_its_own_makes_is_a_value_too():
    assert Same() == Same()
    assert len({Same(), Same(), Sized(), Same(size=2)}) == 3
    assert Same() != Sized()
    with pytest.raises(AttributeError):
        Same().size = 2
    with pytest.raises(TypeError, match=r"Same.*'length'"):
        Same(size=1, length=2)
    with pytest.raises(TypeError):
        Same(1)


def test_declaring_a_class_compiles_no_methods_for_it():
    """They took most of the time in which all layers are loaded."""
    written = {"__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"}
    for name, kind in every_kind():
        assert not written & vars(kind).keys(), name


def test_a_spec_shows_how_it_is_made():
    glorot = GlorotNormal()
    assert repr(Same(size=2)) == "Same(size=2)"
    assert repr(Sample(maybe=None, name="b")).startswith("Sample(count=3, rate=0.5, name='b', choice='x', ")
    assert eval(repr(glorot), {"GlorotNormal": GlorotNormal}) == glorot


def test_two_files_cannot_declare_one_name():
    with pytest.raises(TypeError, match="both declare Dense"):
        type("Dense", (Layer,), {"__module__": "somewhere", "examples": classmethod(lambda cls: iter(()))})
    assert Layer.registry["Dense"] is Dense


def test_settings_can_be_read_back():
    for settings in (DataSettings(), TrainingSettings()):
        assert type(settings).from_dict(settings.to_dict()) == settings


@pytest.mark.parametrize("kind", [pytest.param(kind, id=name) for name, kind in every_kind()])
def test_every_member_of_every_family(kind):
    """Whatever joins a registry can be made without arguments, saved, and read back by its family."""
    thing = kind()
    assert thing.problems() == {}
    assert kind.title().endswith(".")
    family = next(base for base in FAMILIES.values() if issubclass(kind, base))
    assert family.from_dict(json.loads(json.dumps(thing.to_dict()))) == thing
    assert all(rule.doc.endswith((".", "?")) for rule in kind.params().values())


class Sized(Spec, abstract=True):
    """Has a size."""

    size: int = param("How large.", default=1)


class Same(Sized, abstract=True):
    """Adds nothing."""


class Named(Spec, abstract=True):
    """Has a name."""

    name: str = param("What it is called.", default="", first=True)


class SizedAndNamed(Sized, Named, abstract=True):
    """Declares nothing by itself."""


def test_what_has_two_bases_has_the_parameters_of_both():
    assert SizedAndNamed(size=2, name="it").to_dict() == {"type": "SizedAndNamed", "name": "it", "size": 2}
    assert list(SizedAndNamed.params()) == ["name", "size"]
