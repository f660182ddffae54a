"""What a docstring says, taken apart: the sentence, the formula, the prose, when to use it and when not, the source."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from engine.spec import Spec

FORMULA, USE, AVOID = "Formula: ", "Use it ", "Avoid it "
_SENTENCES = re.compile(r"(?<=[.?])\s+(?=[A-Z\d`α-ωŁ]|ONNX|PyTorch|scikit-learn)")
_SOURCE = re.compile(r"^(ONNX|PyTorch|scikit-learn): |\b(18|19|20)\d\d\b")


@dataclass(frozen=True)
class Text:
    """The parts of a docstring; "" and () for what it does not say.

    `sentence` is the first, without the formula that it may end with: `Every output sees every input: y = x Wᵀ + b.`
    A formula that is longer has a paragraph of its own, which begins with "Formula: ". The paragraph with advice begins
    with "Use it ", and its last part with "Avoid it ". Sentences that name ONNX, PyTorch, scikit-learn or a year are the
    source.
    """

    sentence: str
    formula: str
    prose: tuple[str, ...]
    use: str
    avoid: str
    source: str


def text(kind: type[Spec]) -> Text:
    """Return what the docstring of a declared thing says."""
    title = kind.title()
    paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(kind.__doc__ or "").split("\n\n")]
    paragraphs[0] = paragraphs[0].removeprefix(title).strip()
    formula = _taken(paragraphs, FORMULA).removesuffix(".") or _inside(title)
    use, _, avoid = _taken(paragraphs, USE).partition(f" {AVOID}")
    prose, source = _parted(paragraphs)
    sentence = title.removesuffix(f": {formula}.") + "." if title.endswith(f": {formula}.") else title
    return Text(sentence, formula, prose, _capital(use), _capital(avoid), source)


def _taken(paragraphs: list[str], label: str) -> str:
    """Take the paragraph with a label out of the list, and return it without the label."""
    found = next((part for part in paragraphs if part.startswith(label)), "")
    if found:
        paragraphs.remove(found)
    return found.removeprefix(label)


def _inside(title: str) -> str:
    """Return the formula that a sentence ends with."""
    found = re.search(r": ([^:]*=.*)\.$", title)
    return found[1] if found else ""


def _parted(paragraphs: list[str]) -> tuple[tuple[str, ...], str]:
    """Return the prose by paragraphs, and the sentences that say where it comes from."""
    prose: list[str] = []
    source: list[str] = []
    for paragraph in paragraphs:
        kept: list[str] = []
        for sentence in _SENTENCES.split(paragraph):
            (source if _SOURCE.search(sentence) else kept).append(sentence)
        prose.append(" ".join(kept))
    return tuple(filter(None, prose)), " ".join(source)


def _capital(part: str) -> str:
    return part[:1].upper() + part[1:]
