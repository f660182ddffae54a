"""The data sets that come with the program: what each holds, and the task it is made for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import engine
from engine.arrays import Shape
from engine.preprocessing.characters import Characters
from engine.preprocessing.scale import Scale
from engine.preprocessing.standardise import Standardise
from engine.preprocessing.words import Words
from engine.preprocessor import Preprocessor

FOLDER = Path(engine.__file__).resolve().parent.parent / "resources" / "samples"


@dataclass(frozen=True)
class SampleData:
    """One built-in data set. `columns` () are all but the target; `size` () is the columns' own.

    `task` is "class" or "value". `warning` is what a person should know before trusting a score on it.
    """

    name: str
    file: str
    title: str
    task: str
    target: str
    columns: tuple[str, ...] = ()
    size: Shape = ()
    preprocessing: Preprocessor = field(default_factory=Standardise)
    window: int = 0
    split: str = "stratified"
    validation: float = 0.2
    categories: tuple[str, ...] = ()
    warning: str = ""

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return FOLDER / self.file


_ALL = (
    SampleData(
        "digits8x8",
        "digits8x8.csv",
        "1,797 handwritten digits of 8 × 8 pixels.",
        "class",
        "digit",
        size=(1, 8, 8),
        preprocessing=Scale(),
    ),
    SampleData(
        "fashion5k",
        "fashion5k.npz",
        "5,000 grey pictures of ten kinds of clothes, 28 × 28 pixels.",
        "class",
        "label",
        columns=("image",),
        preprocessing=Scale(),
    ),
    SampleData(
        "animals4k",
        "animals4k.npz",
        "4,000 shapes of ten animals, 28 × 28 pixels.",
        "class",
        "label",
        columns=("image",),
        preprocessing=Scale(),
    ),
    SampleData(
        "penguins",
        "penguins.csv",
        "344 penguins of three species: measures, island and sex, with gaps.",
        "class",
        "species",
    ),
    SampleData(
        "auto_mpg",
        "auto_mpg.csv",
        "392 cars of 1970 to 1982: how far a gallon takes them.",
        "value",
        "mpg",
        columns=("cyl", "displ", "hp", "weight", "accel", "yr", "origin"),
        categories=("origin",),
    ),
    SampleData(
        "breast_cancer",
        "breast_cancer.csv",
        "569 tumours by 30 measures of their cells: malignant or benign.",
        "class",
        "label",
        warning="A sample for learning, not a medical device.",
    ),
    SampleData(
        "phishing",
        "phishing.csv",
        "1,250 web pages by nine traits: phishing or not.",
        "class",
        "is_phishing",
        warning="587 rows repeat another row, so training and validation share rows.",
    ),
    SampleData(
        "stock_ibm",
        "stock_ibm.csv",
        "3,270 trading days of one share.",
        "value",
        "Close",
        columns=("Close",),
        window=20,
        split="last",
        warning='No network predicts prices: compare with "same as yesterday".',
    ),
    SampleData(
        "basic_motions",
        "basic_motions.npz",
        "80 series of a smart watch, 100 steps of 6 channels: standing, walking, running, badminton.",
        "class",
        "label",
        columns=("series",),
        split="last",
        validation=0.5,
    ),
    SampleData(
        "sunspots",
        "sunspots.csv",
        "The number of sunspots in each year from 1700 to 2008.",
        "value",
        "SUNACTIVITY",
        columns=("SUNACTIVITY",),
        window=11,
        split="last",
    ),
    SampleData(
        "tweet_sentiment",
        "tweet_sentiment.csv",
        "4,200 short texts: negative, neutral or positive.",
        "class",
        "sentiment",
        columns=("text",),
        size=(32,),
        preprocessing=Words(tokens=4000),
        warning="Some texts are coarse. Only 40 are neutral.",
    ),
    SampleData(
        "first_names",
        "first_names.csv",
        "8,849 English first names, female or male.",
        "class",
        "gender",
        columns=("name",),
        size=(12,),
        preprocessing=Characters(tokens=40, lower=True),
        warning="423 names stand in both lists, so no score can reach 100 %.",
    ),
    SampleData(
        "sensor_network",
        "sensor_network.csv",
        "18,914 readings of four sensors; under 1 % belong to an event.",
        "class",
        "label",
        columns=("indoor", "humidity", "temperature"),
        warning="Events are rare: look at precision and recall, not at accuracy.",
    ),
)

SAMPLES: dict[str, SampleData] = {sample.name: sample for sample in _ALL}
