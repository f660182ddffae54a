"""Everything that is declared has been compared with something outside, and the record of it is whole."""

import pytest

from engine.catalog import FAMILIES
from engine.layer import Layer
from engine.loss import Loss
from engine.metric import Metric
from engine.proofs import FILE, Proof, read, recorded, written
from engine.schedule import Schedule
from tests.engine.networks import computes, every_kind

AGAIN = "Run `python packaging/prove.py`, which needs PyTorch"


@pytest.mark.parametrize(("family", "name"), [pytest.param(*key.split("-"), id=key) for key, _ in every_kind()])
def test_it_was_compared_with_something_outside(family, name):
    found = recorded().get((family, name), ())
    assert found, f"{FILE.name} has no line for {name} of the {family}. {AGAIN}: `python packaging/prove.py {name}`."
    for proof in found:
        assert proof.largest <= proof.tolerance, f"{proof} That is too much. Mend it, then {AGAIN.lower()}."
    oracles = {proof.oracle for proof in found}
    assert expected(FAMILIES[family].registry[name]) <= oracles, f"Only {oracles} are in {FILE.name}. {AGAIN}."


def expected(kind):
    """Return the oracles that what it declares makes possible."""
    if issubclass(kind, Metric):
        return {"scikit-learn"} if any(kind().sklearn(target) for target in kind.targets) else set()
    found = {"PyTorch"} if in_torch(kind) else set()
    if issubclass(kind, Layer):
        return found | ({"central differences", "ONNX Runtime"} if computes(kind) else set())
    return found | ({"central differences", "ONNX Runtime"} if issubclass(kind, Loss) else set())


def in_torch(kind):
    """Tell whether PyTorch has it."""
    if issubclass(kind, Layer):
        own = computes(kind) and kind.torch is not Layer.torch
        return own and any(example.layer.torch(*example.inputs) for example in kind.examples())
    if issubclass(kind, Schedule):
        return bool(kind().torch(30))
    return hasattr(kind, "torch") and bool(kind().torch())


def test_there_are_no_lines_for_what_is_gone():
    gone = {(p.family, p.name) for p in read(FILE)} - {(f, n) for f, base in FAMILIES.items() for n in base.registry}
    assert not gone, f"{FILE.name} has lines for {gone}. {AGAIN}."


def test_the_record_is_as_it_would_be_written():
    assert written(read(FILE)) == FILE.read_text("utf-8"), f"{FILE.name} was edited by hand. {AGAIN}."


def test_lines_are_sorted_and_rounded():
    one = Proof("layers", "Add", "PyTorch", "values", 1.2345e-16, 1e-9)
    other = Proof("layers", "Add", "ONNX Runtime", "answers", 0.0, 1e-5)
    assert written([one, other]).splitlines() == [
        "family,name,oracle,compared,largest,tolerance",
        "layers,Add,ONNX Runtime,answers,0.0e+00,1e-05",
        "layers,Add,PyTorch,values,1.2e-16,1e-09",
    ]
    assert str(one) == "PyTorch, values: at most 1.2e-16 apart."
