"""Whole stories on the command line: from data to a model that answers, and what the README promises of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from engine import cli
from engine.data.sources.sample import Sample

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Every story has a folder of its own, with a state folder of its own."""
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def netwright(capsys):
    """Run a command here; return its status, its JSON object, and what it said on standard error."""

    def run(*words):
        status = cli.main([*map(str, words), "--json"])
        out, err = capsys.readouterr()
        return status, json.loads(out), err

    return run


def test_the_story_of_the_digits(netwright):
    """What the README promises: new, train, export; then onnxruntime alone, from raw pixels."""
    assert netwright("new", "d.netw", "--template", "cnn", "--data", "digits8x8")[0] == 0
    status, told, _ = netwright("train", "d.netw", "--epochs", 15, "--seed", 0)
    assert (status, told["epochs"]) == (0, 15)
    assert told["validation_accuracy"] >= 0.97
    status, told, _ = netwright("export", "d.netw", "d.onnx")
    assert status == 0
    assert all(box["largest"] <= 1e-4 for box in told["boxes"])
    dataset = Sample(name="digits8x8").read()
    pixels = np.stack([dataset[f"p{place}"].values for place in range(64)], axis=1).astype(np.float32)
    session = onnxruntime.InferenceSession("d.onnx")
    labels = session.run(["output_label"], {"image": pixels.reshape(-1, 1, 8, 8)})[0]
    assert (labels == np.array([str(int(value)) for value in dataset["digit"].values])).mean() > 0.97
    table = Path("rows.csv")
    names = [f"p{place}" for place in range(64)]
    rows = [",".join(str(int(value)) for value in row) for row in pixels[:40]]
    table.write_text("\n".join([",".join(names), *rows]) + "\n")
    status, told, _ = netwright("predict", "d.netw", "rows.csv")
    assert [answer["output"]["answer"] for answer in told["answers"]] == labels[:40].tolist()


@pytest.mark.parametrize(
    ("template", "sample", "options", "score", "least"),
    [
        ("cnn", "fashion5k", ("--epochs", 8), "validation_accuracy", 0.84),
        ("mlp", "auto_mpg", (), "validation_r2", 0.85),
        ("mlp", "breast_cancer", (), "validation_accuracy", 0.96),
        ("mlp", "penguins", (), "validation_accuracy", 0.97),
        ("lstm", "first_names", (), "validation_accuracy", 0.78),
    ],
)
def test_templates_learn_their_samples(netwright, template, sample, options, score, least):
    assert netwright("new", "s.netw", "--template", template, "--data", sample)[0] == 0
    status, told, _ = netwright("train", "s.netw", "--seed", 0, *options)
    assert status == 0
    assert told[score] >= least
    assert netwright("export", "s.netw", "s.onnx")[1]["verified"] is True


def test_sunspots_beat_the_same_as_last_year(netwright):
    assert netwright("new", "s.netw", "--template", "lstm", "--data", "sunspots")[0] == 0
    _, told, _ = netwright("train", "s.netw", "--seed", 0)
    spots = Sample(name="sunspots").read()["SUNACTIVITY"].values
    count = netwright("evaluate", "s.netw")[1]["samples"]
    naive = np.abs(np.diff(spots))[-count:].mean()
    assert told["validation_mean_absolute_error"] < 0.75 * naive


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9 there")
def test_a_training_that_was_killed_goes_on_exactly(netwright):
    for name in ("whole.netw", "killed.netw"):
        assert netwright("new", name, "--template", "cnn", "--data", "digits8x8")[0] == 0
    _, whole, _ = netwright("train", "whole.netw", "--epochs", 40, "--seed", 4)
    command = [sys.executable, "-m", "engine", "train", "killed.netw", "--epochs", "40", "--seed", "4"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while "epoch 3/" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=200)
    process.stderr.close()
    status, resumed, _ = netwright("train", "killed.netw", "--resume")
    assert status == 0
    scores = [
        [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in told["history"]]
        for told in (whole, resumed)
    ]
    assert scores[0] == scores[1]
    assert netwright("digest", "whole.netw")[1]["digest"] == netwright("digest", "killed.netw")[1]["digest"]
