"""Measures the memory of training: `python packaging/measure_memory.py` prints a table; each line is a fresh process.

`step NAME` does three steps of a large network and prints the process's memory as JSON, in MiB: before the plan is made,
and at its peak; `torch NAME` does the same with PyTorch; `growth` trains a small network and prints the memory after 1,000
and after 10,000 steps. Linux only: it reads /proc.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from engine.bench.large import resnet50, vgg11  # noqa: E402
from engine.bench.network import CLASSES  # noqa: E402
from engine.bench.torch_program import start_of, torch_program  # noqa: E402
from engine.data.prepare import Prepared  # noqa: E402
from engine.graph import Graph  # noqa: E402
from engine.layers.batch_norm import BatchNorm  # noqa: E402
from engine.layers.conv2d import Conv2D  # noqa: E402
from engine.layers.dense import Dense  # noqa: E402
from engine.layers.dropout import Dropout  # noqa: E402
from engine.layers.flatten import Flatten  # noqa: E402
from engine.layers.input import Input  # noqa: E402
from engine.layers.max_pool2d import MaxPool2D  # noqa: E402
from engine.layers.output import Output  # noqa: E402
from engine.layers.relu import ReLU  # noqa: E402
from engine.optimizers.adam import Adam  # noqa: E402
from engine.plan.compile import compile  # noqa: E402
from engine.plan.threads import one_thread  # noqa: E402
from engine.training.events import EpochDone  # noqa: E402
from engine.training.loop import train  # noqa: E402
from engine.training.settings import TrainingSettings  # noqa: E402

STEPS = 2
RATE = 1e-3
EARLY, LATE = 1_000, 10_000  # steps


def memory(name: str, process: int | str = "self") -> float:
    """Return a line of a process's status in MiB: VmRSS is what it has, VmHWM the most that it ever had."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(found) / 1024


def large(name: str) -> Any:
    """Return graph, batch, input and target of a large network, by its name."""
    if name == "vgg11":
        made = vgg11()
        return made.graph(), made.batch, *made.data()
    rng = np.random.default_rng(0)
    return resnet50(), 16, rng.standard_normal((16, 3, 224, 224)).astype(np.float32), rng.integers(0, 1000, 16)


def step(name: str) -> dict[str, float]:
    """Return our memory before the network is compiled, and the peak after some steps."""
    graph, batch, x, target = large(name)
    before = memory("VmRSS")
    plan = compile(graph, batch, optimizer=Adam())
    plan.load({"input": x}, {"output": target})
    for _ in range(STEPS):
        plan.step(RATE)
    return {"before": before, "peak": memory("VmHWM"), "parameters": plan.state.vector.nbytes / 2**20}


def torch(name: str) -> dict[str, float]:
    """Return PyTorch's memory after it is imported, and the peak after some steps; as many threads as there are cores."""
    graph, _, x, target = large(name)
    found = {}
    for what, program in (("before", "import numpy, torch; print()"), ("peak", torch_program(graph, Adam(), RATE))):
        run = subprocess.Popen(
            [sys.executable, "-c", f"{program}\nimport sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert run.stdin
        assert run.stdout
        if what == "peak":
            run.stdin.writelines(start_of({"input": x, "output": target}, {}, [], threads=2, steps=STEPS))
            run.stdin.flush()
        run.stdout.readline()
        found[what] = memory("VmHWM", run.pid)
        run.communicate()
    return found


def growth() -> dict[str, float]:
    """Return our memory after a thousand steps of a small network in training, and after ten thousand."""
    graph = Graph().add("in", Input(size=(1, 8, 8))).add("conv", Conv2D(filters=4), "in").add("bn", BatchNorm(), "conv")
    graph = graph.add("relu", ReLU(), "bn").add("pool", MaxPool2D(), "relu").add("flat", Flatten(), "pool")
    graph = graph.add("drop", Dropout(), "flat").add("head", Dense(units=CLASSES), "drop").add("out", Output(), "head")
    rng, rows = np.random.default_rng(0), np.arange(192)
    x, target = rng.standard_normal((192, 1, 8, 8)).astype(np.float32), rng.integers(0, CLASSES, 192)
    classes = {"out": {"classes": [str(number) for number in range(CLASSES)]}}
    samples = Prepared({"in": x}, {"out": target}, rows[:160], rows[160:], classes, rows)
    found = {}
    for event in train(graph, TrainingSettings(epochs=LATE // 10, batch=16), samples):
        if isinstance(event, EpochDone) and event.epoch.step in (EARLY, LATE):
            found[str(event.epoch.step)] = memory("VmRSS")
    return found


def fresh(*words: str) -> dict[str, float]:
    """Return what this script says in a process of its own, with one BLAS thread as a worker has."""
    done = subprocess.run(
        [sys.executable, __file__, *words], stdout=subprocess.PIPE, check=True, env=one_thread(os.environ)
    )
    return dict(json.loads(done.stdout))


def table() -> None:
    """Print what a person wants to know."""
    ours, theirs = fresh("step", "vgg11"), fresh("torch", "vgg11")
    alone = (ours["peak"] - ours["before"]) / (theirs["peak"] - theirs["before"])
    print(f"VGG-11, batch 32, 64 × 64: {ours['peak']:.0f} MiB, PyTorch eager {theirs['peak']:.0f}", end=": ")
    print(f"{ours['peak'] / theirs['peak']:.2f}; without what the programs take before: {alone:.2f}")
    large = fresh("step", "resnet50")
    print(f"ResNet-50, batch 16, 224 × 224: {large['peak']:.0f} MiB")
    grown = fresh("growth")
    print(f"After {EARLY:,} steps {grown[str(EARLY)]:.1f} MiB, after {LATE:,} {grown[str(LATE)]:.1f}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        table()
    else:
        print(json.dumps({"step": step, "torch": torch, "growth": growth}[sys.argv[1]](*sys.argv[2:])))
