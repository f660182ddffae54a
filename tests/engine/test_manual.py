"""The manual page of every declared thing."""

from html.parser import HTMLParser

import pytest

from engine import manual
from engine.catalog import FAMILIES, Layer
from engine.layers.dense import Dense
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
    assert kind.title() in page
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
    assert kind.title() in parser.text
    for rule in kind.params().values():
        assert rule.hidden or rule.doc in parser.text


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
