"""How much memory training takes, each time in a fresh process."""

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.plan.threads import one_thread

SCRIPT = Path(__file__).parents[2] / "packaging" / "measure_memory.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("memory"),  # gigabytes: one after another
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc"),
]


@cache
def said(*words):
    """Return what the script measures, in MiB."""
    command = [sys.executable, str(SCRIPT), *words]
    return json.loads(subprocess.run(command, env=one_thread(os.environ), stdout=subprocess.PIPE, check=True).stdout)


def test_a_step_of_vgg_takes_little_more_than_weights_gradient_and_moments():
    found = said("step", "vgg11")
    assert found["peak"] - found["before"] < 7 * found["parameters"]


@pytest.mark.oracle
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_a_step_of_vgg_takes_less_memory_than_pytorchs():
    assert said("step", "vgg11")["peak"] < 0.8 * said("torch", "vgg11")["peak"]


def test_25_million_parameters_on_large_images_fit_into_six_gigabytes():
    found = said("step", "resnet50")
    assert found["parameters"] > 25e6 * 4 / 2**20
    assert found["peak"] < 6 * 1024


def test_ten_thousand_steps_leave_nothing_behind():
    """But for the history of the run: a few numbers for each step, a few more for each epoch."""
    found = said("growth")
    assert found["10000"] - found["1000"] < 8
