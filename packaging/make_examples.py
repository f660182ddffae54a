"""Writes the example projects of the welcome page into resources/examples, from the templates and the samples."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.data.sources.sample import Sample  # noqa: E402
from engine.project.file import save  # noqa: E402
from engine.project.run import Saved  # noqa: E402
from engine.templates import start  # noqa: E402

# file: template, sample, epochs, what a person should know
EXAMPLES = {
    "digits": (
        "cnn",
        "digits8x8",
        15,
        "A convolutional network reads handwritten digits of 8 × 8 pixels. It learns in a few seconds and is right about "
        "98 times out of 100. Press Train, then draw a digit under Try it.",
    ),
    "penguins": (
        "mlp",
        "penguins",
        60,
        "Which of three species is this penguin? A small network finds out from its bill, flippers, weight, island and "
        "sex. Some cells of the table are empty: those count as average.",
    ),
    "sunspots": (
        "lstm",
        "sunspots",
        60,
        "An LSTM reads eleven years of sunspots and tells the twelfth. Its mean error is about half of what one gets by "
        "saying: the same as last year.",
    ),
    "names": (
        "lstm",
        "first_names",
        10,
        "An LSTM reads a first name letter by letter and says whether it is a woman's or a man's. Some names are both, so "
        "nobody gets all of them right; about 80 of 100 are good.",
    ),
}


def main(folder: Path) -> None:
    """Write every example into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (template, sample, epochs, notes) in EXAMPLES.items():
        source = Sample(name=sample)
        project = start(template, source.read(), source)
        project = project.with_(training=project.training.with_(epochs=epochs), notes=notes)
        path = folder / f"{name}.netw"
        save(path, Saved(project))
        path.with_name(f"{path.name}.bak").unlink(missing_ok=True)
        print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "resources" / "examples")
