"""The manual page of every declared thing."""

from html.parser import HTMLParser

import pytest

from engine import manual
from engine.catalog import FAMILIES, Layer, Loss
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.split import Split
from engine.losses.cross_entropy import CrossEntropy
from engine.manual.text import Text, text
from engine.spec import Spec
from engine.training.settings import TrainingSettings
from tests.engine.networks import every_kind

KINDS = [pytest.param(kind, id=name) for name, kind in every_kind()]


class Tags(HTMLParser):
    """Checks that tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_says_all_that_is_declared(kind):
    page = manual.page(kind)
    assert page.startswith(f"# {kind.__name__}\n")
    assert text(kind).sentence in page
    for name, rule in kind.params().items():
        if not rule.hidden:
            assert f"| {name} | {rule.doc.replace('|', chr(92) + '|')} |" in page
    widths = {}
    for line in page.splitlines():
        if line.startswith("|"):
            widths.setdefault(line.count(" | "), []).append(line)
    assert all(len(lines) > 2 for lines in widths.values())


@pytest.mark.parametrize("kind", KINDS)
def test_html_says_the_same(kind):
    parser = Tags()
    parser.feed(manual.html(kind))
    assert parser.open == []
    assert text(kind).sentence in parser.text
    for rule in kind.params().values():
        assert rule.hidden or rule.doc in parser.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_has_all_its_sections(kind):
    """A docstring holds the formula in its first sentence or in a paragraph "Formula: …", and "Use it … Avoid it …"."""
    wanted = ["", "Formula", "When to use it", "When not", "Source"]
    wanted += ["Shapes", "Examples"] if issubclass(kind, Layer) else ["Shapes"] if issubclass(kind, Loss) else []
    full = [section.heading for section in manual.sections(kind) if not section.empty]
    assert set(wanted) <= set(full), f"The docstring of {kind.__name__} lacks {set(wanted) - set(full)}."


@pytest.mark.parametrize("kind", KINDS)
def test_the_parts_of_a_page_are_sentences(kind):
    said = text(kind)
    for part in (said.sentence, said.use, said.avoid, said.source, *said.prose):
        assert part.endswith((".", "?")), part
        assert not any(label in part for label in ("Formula:", "Use it ", "Avoid it ")), part


def test_a_docstring_is_taken_apart():
    class Sample(Spec, abstract=True):
        """Doubles: y = 2 x.

        It is quick. Euler, 1948. ONNX: Mul.

        Use it for tests. Avoid it elsewhere: it does little.
        """

    assert text(Sample) == Text(
        "Doubles.", "y = 2 x", ("It is quick.",), "For tests.", "Elsewhere: it does little.", "Euler, 1948. ONNX: Mul."
    )


def test_a_formula_of_its_own_goes_before_the_one_in_the_sentence():
    class Sample(Spec, abstract=True):
        """Doubles.

        Formula: y = 2 x, twice.
        """

    assert text(Sample) == Text("Doubles.", "y = 2 x, twice", (), "", "", "")


def test_a_figure_shows_every_port_and_its_shape():
    assert str(manual.figure(Split)) == "4 → Split → y 1, rest 3"
    assert str(manual.figure(Input)) == "Input → 4"
    assert str(manual.figure(CrossEntropy)).startswith("x 5, target 1 → CrossEntropy")


@pytest.mark.parametrize("kind", [case for case in KINDS if issubclass(case.values[0], Layer)])
def test_every_example_has_a_row(kind):
    assert manual.page(kind).count("| " + kind.__name__ + "(") == len(list(kind.examples()))


def test_a_page_in_full():
    page = manual.page(Dense)
    assert "| units | How many output values. | from 1 to 65536 | 32 |" in page
    assert "| use_bias | Add a learned constant to every output value. | yes, no | yes |" in page
    assert "| initializer | First values of the weights. | any Initializer | GlorotUniform |" in page
    assert "| Dense(units=3, use_bias=False) | 5 | 3 |" in page
    assert "PyTorch: nn.Linear(5, 3, bias=True)" in page
    assert "ONNX: Gemm" in page


def test_settings_have_a_page_too():
    assert "| rate | The learning rate: how far one step moves. | from 1e-09 to 100 | 0.001 |" in manual.page(
        TrainingSettings
    )


def test_the_index_lists_everything():
    listed = {(entry.family, entry.name) for entry in manual.index()}
    assert listed == {(family, name) for family, base in FAMILIES.items() for name in base.registry}
    assert all(entry.title.endswith(".") for entry in manual.index())
    assert [entry.family for entry in manual.index()] == sorted(
        (entry.family for entry in manual.index()), key=list(FAMILIES).index
    )
