"""Small data and projects that the tests of the panels train in a moment."""

from pathlib import Path

import numpy as np

from app.dataset import ProjectData
from app.document import Document
from app.trainer import Trainer
from engine.data.dataset import fingerprint
from engine.data.prepare import prepare
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.graph import Graph
from engine.layer import Layer
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.preprocessing.characters import Characters
from engine.project.file import load
from engine.project.project import Project
from engine.project.run import from_checkpoint
from engine.training.loop import Training
from engine.training.settings import TrainingSettings

WAIT = 120_000  # milliseconds, on a busy machine


def flowers(path, rows=120):
    """Write a table of three kinds that can be told apart, and return its path."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, rows)
    x = rng.normal(size=(rows, 4)) + np.eye(3, 4)[kind] * 3
    lines = [f"{','.join(f'{v:.6f}' for v in row)},{'abc'[k]}" for row, k in zip(x, kind, strict=True)]
    path.write_text("\n".join(["p,q,r,s,kind", *lines]) + "\n")
    return path


def flower_project(path, **training):
    graph = Graph().add("in", Input(columns=("p", "q", "r", "s"), size=(4,)))
    graph = graph.add("hidden", Dense(units=16), "in").add("relu", ReLU(), "hidden")
    graph = graph.add("head", Dense(units=3), "relu").add("out", Output(target="kind"), "head")
    settings = TrainingSettings(**{"epochs": 4, "batch": 8, "rate": 0.01, **training})
    return Project(graph, data=DataSettings(source=Csv(path=str(path))), training=settings)


class Bench:
    """A document with its data and its trainer, as the window joins them."""

    def __init__(self, qtbot, project=None, path=None):
        self.qtbot = qtbot
        self.document = Document()
        self.data = ProjectData(self.document)
        self.trainer = Trainer(self.document, self.data)
        if project is not None:
            self.open(project, path)

    def open(self, project, path=None):
        self.document.open(project, path)
        self.ready()

    def ready(self):
        """Wait until no data is being read and its problems are known."""
        self.qtbot.waitUntil(lambda: not self.data.loading and not self.data._check.isActive(), timeout=WAIT)

    def train(self):
        """Train to the end and return the run."""
        with self.qtbot.waitSignal(self.trainer.kept, timeout=WAIT) as told:
            self.trainer.start()
        return told.args[0]


def learn(project, name="run-1"):
    """Train a project here and now, and return its run."""
    dataset = project.data.source.read()
    samples = prepare(project.graph, dataset, project.data)
    training = Training(project.graph, project.training, samples)
    for _ in training.events():
        pass
    checkpoint = training.checkpoint({})
    return from_checkpoint(
        checkpoint, id=name, project=project, fitted=samples.fitted, data=fingerprint(dataset), status="done"
    )


def example(name, **training):
    """Return the project of an example that comes with the program."""
    project = load(Path(__file__).parents[2] / "resources" / "examples" / f"{name}.netw").project
    return project.with_(training=project.training.with_(**{"epochs": 1, **training}))


def text_project(path):
    """Write short texts of two kinds, and return a project that tells them apart."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 160)
    texts = ["".join(rng.choice(list("aeiou" if kind else "bcdfg"), 5)) for kind in kinds]
    lines = [f"{text},{'vowels' if kind else 'others'}" for text, kind in zip(texts, kinds, strict=True)]
    path.write_text("\n".join(["word,kind", *lines]) + "\n")
    made = Layer.registry
    graph = Graph().add("word", Input(columns=("word",), size=(6,), preprocessing=Characters(tokens=20)))
    graph = graph.add("embedding", made["Embedding"](entries=20, width=4), "word")
    graph = graph.add("flat", made["Flatten"](), "embedding").add("head", Dense(units=2), "flat")
    graph = graph.add("out", Output(target="kind"), "head")
    data = DataSettings(source=Csv(path=str(path), texts=("word",)))
    return Project(graph, data=data, training=TrainingSettings(epochs=20, batch=8, rate=0.02))
