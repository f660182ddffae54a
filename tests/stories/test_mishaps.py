"""What goes wrong outside the program, seen from outside: one clear sentence, exit status 1, nothing hangs, nothing is lost."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import api
from engine.project.container import pack
from engine.project.strict_json import dump

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture
def netwright(tmp_path):
    """Run a command as a person would; return its status, what it printed, and the lines on standard error."""

    def run(*words):
        result = subprocess.run(
            [sys.executable, "-m", "engine", *map(str, words)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "NETWRIGHT_STATE": str(tmp_path / "state")},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert "Traceback" not in result.stderr
        return result.returncode, result.stdout, result.stderr.splitlines()

    return run


def test_a_table_with_ragged_rows(netwright, tmp_path):
    (tmp_path / "ragged.csv").write_text("a,b,kind\n1,2,x\n3,4\n5,6,7,8\n")
    status, _, said = netwright("new", "net.netw", "--data", "ragged.csv")
    assert status == 1
    assert len(said) == 1
    assert "Line 3" in said[0]
    assert not (tmp_path / "net.netw").exists()


def test_a_picture_that_is_cut_off(netwright, tmp_path):
    rng = np.random.default_rng(0)
    for kind in "ab":
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for i in range(3):
            Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8)).save(tmp_path / "pictures" / kind / f"{i}.png")
    cut = tmp_path / "pictures" / "b" / "1.png"
    cut.write_bytes(cut.read_bytes()[:300])
    status, _, said = netwright("new", "net.netw", "--template", "cnn", "--data", "pictures")
    assert status == 1
    assert len(said) == 1
    assert str(cut) in said[0]


@pytest.mark.parametrize("command", [("check",), ("train",), ("runs",), ("digest",), ("evaluate",)])
def test_a_project_that_is_cut_in_half(netwright, tmp_path, command):
    api.new(tmp_path / "whole.netw", data="penguins")
    content = (tmp_path / "whole.netw").read_bytes()
    half = tmp_path / "half.netw"
    half.write_bytes(content[: len(content) // 2])
    status, _, said = netwright(*command, "half.netw")
    assert status == 1
    assert len(said) == 1
    assert "damaged or cut off" in said[0]
    assert half.read_bytes() == content[: len(content) // 2]


def test_a_project_whose_sums_do_not_fit_is_refused(netwright, tmp_path):
    api.new(tmp_path / "net.netw", data="penguins")
    with zipfile.ZipFile(tmp_path / "net.netw") as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["project.json"] = members["project.json"].replace(b"dense1", b"dense9")
    with zipfile.ZipFile(tmp_path / "net.netw", "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    status, _, said = netwright("check", "net.netw")
    assert status == 1
    assert len(said) == 1


def _circle(plain):
    """The first dense box is fed by the last."""
    for wire in plain["wires"]:
        if wire[2] == "dense1":
            wire[:2] = ["scores", "y"]


def _wrong_shape(plain):
    """A convolution stands where only a flat vector arrives."""
    for box in plain["boxes"]:
        if box["name"] == "dense1":
            box["layer"] = {"type": "Conv2D"}


@pytest.mark.parametrize(("change", "words"), [(_circle, "circle"), (_wrong_shape, "Conv2D")])
@pytest.mark.parametrize("command", [("check",), ("train", "--epochs", "1")])
def test_a_network_that_was_changed_by_hand_says_what_is_wrong(netwright, tmp_path, change, words, command):
    path = tmp_path / "net.netw"
    api.new(path, data="penguins")
    with zipfile.ZipFile(path) as old:
        plain = json.loads(old.read("project.json"))
    change(plain)
    path.write_bytes(pack({"project.json": dump(plain)}, {}))
    before = path.read_bytes()
    status, _, said = netwright(*command, "net.netw")
    assert status == 1
    assert any(words in line for line in said), said
    assert path.read_bytes() == before


def test_a_model_never_takes_the_place_of_a_project(netwright, tmp_path):
    api.new(tmp_path / "net.netw", data="penguins")
    assert netwright("train", "net.netw", "--epochs", 1)[0] == 0
    before = (tmp_path / "net.netw").read_bytes()
    for out in ("net.netw", "net", "", "data.csv"):
        status, _, said = netwright("export", "net.netw", out)
        assert status == 1
        assert "Let it end with .onnx" in said[0]
    assert (tmp_path / "net.netw").read_bytes() == before


def test_two_trainings_of_one_project(netwright, tmp_path):
    """The second waits a moment, then says why it will not; the first is not disturbed."""
    api.new(tmp_path / "net.netw", template="cnn", data="digits8x8")
    command = [sys.executable, "-m", "engine", "train", "net.netw", "--epochs", "10000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NETWRIGHT_STATE": str(tmp_path / "state")}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as first:
        try:
            assert "epoch 1/" in first.stderr.readline()
            status, _, said = netwright("train", "net.netw", "--epochs", 1)
        finally:
            first.send_signal(2)
            first.stderr.read()
    assert status == 1
    assert said == ["Another training of this project is under way. Wait until it ends, or stop it."]
    assert first.returncode == 0
    assert [run.status for run in api.runs(tmp_path / "net.netw")] == ["stopped"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
@pytest.mark.parametrize(
    "command", ["check FIFO", "new n.netw --data FIFO", "save-copy FIFO x.netw", "save-copy net.netw FIFO.netw"]
)
def test_a_pipe_is_never_waited_for(netwright, tmp_path, command):
    api.new(tmp_path / "net.netw", data="penguins")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.netw")
    status, _, said = netwright(*command.replace("FIFO", "pipe").split())
    assert status == 1
    assert len(said) == 1


def test_a_state_folder_that_takes_nothing_does_not_stop_a_training(netwright, tmp_path):
    api.new(tmp_path / "net.netw", data="penguins")
    (tmp_path / "state").write_text("a file where the folder should be")
    status, _, said = netwright("train", "net.netw", "--epochs", 2)
    assert status == 0
    assert any("could not be made" in line for line in said)
    assert [run.status for run in api.runs(tmp_path / "net.netw")] == ["done"]
