"""What holds for all tests: no screen, no traces in the home folder, and what is skipped unless asked for."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

# Before anything imports Qt or asks for a folder.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = tempfile.TemporaryDirectory(prefix="netwright-tests-", ignore_cleanup_errors=True)
for _name in ("CONFIG", "DATA", "STATE", "CACHE"):
    os.environ[f"XDG_{_name}_HOME"] = str(Path(_HOME.name) / _name.lower())

from hypothesis import HealthCheck, settings  # noqa: E402
from pytestqt.qtbot import QtBot  # noqa: E402

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "here")

for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
    _wait.__kwdefaults__["timeout"] = 60_000  # milliseconds: five seconds are not enough where other work runs

ORACLE_REQUIRED = os.environ.get("NETWRIGHT_ORACLE") == "required"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Skip slow tests unless `-m` names them, and comparisons with PyTorch where it is not installed.

    Tests that take a `witness` are the proofs that `packaging/prove.py` runs.
    """
    slow = pytest.mark.skip(reason="slow: run with -m slow")
    oracle = pytest.mark.skip(reason="PyTorch is not installed: pip install 'netwright[oracle]'")
    for item in items:
        if "witness" in item.fixturenames:
            item.add_marker("proof")
        if "slow" in item.keywords and "slow" not in config.option.markexpr and not ORACLE_REQUIRED:
            item.add_marker(slow)
        if "oracle" in item.keywords and find_spec("torch") is None and not ORACLE_REQUIRED:
            item.add_marker(oracle)


@pytest.fixture
def witness(record_property):
    """Compares with outside oracles, and notes how far apart we are."""
    from tests.engine.proofs import Witness

    return Witness(record_property)
