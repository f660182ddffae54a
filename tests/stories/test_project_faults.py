"""What saving and opening must survive, tried with the fault tools: kills, full disks, power cuts, damaged files."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine import api

ROOT = Path(__file__).parents[2]
TOOLS = Path(os.environ.get("NETWRIGHT_SHARED", ROOT.parent / "shared")) / "tools" / "faults"
GOLDEN = ROOT / "tests" / "files" / "format_1.netw"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not TOOLS.is_dir(), reason="the fault tools are not beside this checkout, in ../shared"),
    pytest.mark.skipif(sys.platform != "linux", reason="the fault tools run on Linux only"),
]
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="the fault tools need gcc")
needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")


def command(*words):
    """A command of ours, as the tools take it."""
    return shlex.join([sys.executable, str(Path(__file__).with_name("project_commands.py")), *words])


def run(tmp_path, tool, *options, state=None):
    """Run a fault tool; it must find nothing."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} | ({"NETWRIGHT_STATE": str(state)} if state else {})
    result = subprocess.run(
        [sys.executable, TOOLS / f"{tool}.py", *map(str, options)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    print(result.stdout)


FILE, MODEL = "{dir}/net.netw", "{dir}/net.onnx"
KILLS_OF_EXPORT = os.environ.get("NETWRIGHT_KILLS", "20")  # each takes seconds
SAVING = ("--setup", command("make", FILE, "1", "2"), "--cmd", command("make", FILE, "3"))
OLD_OR_NEW = ("--verify", command("holds", FILE, "2", "3"))


@needs_compiler
def test_a_kill_at_any_operation_of_saving_loses_nothing(tmp_path):
    run(tmp_path, "faultsweep", "--dir", tmp_path / "d", "--mode", "kill", *SAVING, *OLD_OR_NEW)


@needs_compiler
def test_a_kill_at_any_operation_of_the_command_save_copy_loses_nothing(tmp_path):
    subprocess.run(
        shlex.split(command("make", str(tmp_path / "new.netw"), "3")),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    words = [sys.executable, "-m", "engine", "save-copy", str(tmp_path / "new.netw"), FILE]
    saving = ("--setup", command("make", FILE, "1", "2"), "--cmd", shlex.join(words))
    run(tmp_path, "faultsweep", "--dir", tmp_path / "d", "--mode", "kill", *saving, *OLD_OR_NEW)


@needs_compiler
@pytest.mark.parametrize("faults", [("ENOSPC,EIO,EACCES,EROFS",), ("ENOSPC,EIO", "--short")])
def test_a_fault_at_any_operation_of_saving_is_told_and_leaves_nothing_over(tmp_path, faults):
    new = ("--verify-new", command("holds", FILE, "3"))
    run(
        tmp_path,
        "faultsweep",
        "--dir",
        tmp_path / "d",
        "--mode",
        "fault",
        "--errno",
        *faults,
        *SAVING,
        *OLD_OR_NEW,
        *new,
    )


@needs_compiler
def test_a_kill_at_any_operation_of_writing_a_recovery_loses_nothing(tmp_path):
    words = ("--setup", command("recovery", "2"), "--cmd", command("recovery", "3"))
    verify = ("--verify", command("recovered", "2", "3"))
    run(tmp_path, "faultsweep", "--dir", tmp_path / "d", "--mode", "kill", *words, *verify, state=tmp_path / "d")


@needs_compiler
@pytest.mark.parametrize("order", [(), ("--reorder",)])
def test_a_power_cut_leaves_the_old_or_the_new_version(tmp_path, order):
    acknowledged = ("--ack-verify", command("holds", FILE, "3"))
    run(tmp_path, "powercut", "--dir", tmp_path / "d", *order, *SAVING, *OLD_OR_NEW, *acknowledged)


@pytest.fixture(scope="module")
def exporting(tmp_path_factory):
    """Export a trained project over a model of an older operator set: what the tools run, and what must be there after it."""
    project = tmp_path_factory.mktemp("trained") / "net.netw"
    api.new(project, data="penguins")
    api.train(project, epochs=1)
    words = [sys.executable, "-m", "engine", "export", str(project), MODEL, "--opset"]
    old, new = shlex.join([*words, "17"]), shlex.join([*words, "20"])
    return ("--setup", old, "--cmd", new, "--verify", command("model", MODEL, "17", "20"))


NEW_MODEL = ("--verify-new", command("model", MODEL, "20"))


@needs_compiler
def test_a_kill_at_any_operation_of_export_loses_nothing(tmp_path, exporting):
    run(tmp_path, "faultsweep", "--dir", tmp_path / "d", "--mode", "kill", "--when", "mid,after", *exporting)


@needs_compiler
def test_a_fault_at_any_operation_of_export_is_told_and_leaves_nothing_over(tmp_path, exporting):
    faults = ("--errno", "ENOSPC", "--sticky", "1")
    run(tmp_path, "faultsweep", "--dir", tmp_path / "d", "--mode", "fault", *faults, *exporting, *NEW_MODEL)


def test_random_kills_of_export_leave_a_whole_model(tmp_path, exporting):
    run(tmp_path, "crashloop", "--dir", tmp_path / "d", "-n", KILLS_OF_EXPORT, "--keep", "--window", "1.5", *exporting)


@needs_root
def test_a_disk_too_full_for_a_model_is_named(tmp_path, exporting):
    run(tmp_path, "diskfull", "--size", "256K", "--steps", "5", *exporting, *NEW_MODEL)


def test_no_save_that_was_acknowledged_is_lost_in_200_random_kills(tmp_path):
    words = ("--cmd", command("loop", FILE), "--verify", command("at-least", FILE))
    wait = ("--after-regex", "saved", "--window", "0.1", "--acked", r"saved (\d+)")
    run(tmp_path, "crashloop", "--dir", tmp_path / "d", "-n", "200", "--keep", *words, *wait)


@pytest.mark.parametrize("kind", ["--rlimit", pytest.param("--readonly", marks=needs_root)])
def test_a_disk_that_takes_no_more_is_named(tmp_path, kind):
    run(tmp_path, "diskfull", kind, "--size", "4M", "--steps", "8", *SAVING, *OLD_OR_NEW)


@needs_root
@pytest.mark.parametrize("kind", [(), ("--inodes",)])
def test_a_full_disk_is_named_and_loses_nothing(tmp_path, kind):
    new = ("--verify-new", command("holds", FILE, "3"))
    run(tmp_path, "diskfull", *kind, "--size", "1M", "--steps", "12", *SAVING, *OLD_OR_NEW, *new)


CHECKS = ("--server", shlex.join([sys.executable, "-m", "engine", "check", "--server"]))


def test_damaged_files_are_refused_in_a_sentence(tmp_path):
    run(tmp_path, "zipfuzz", GOLDEN, "-n", "2000", "--rss", "500", "--timeout", "5", *CHECKS)


def test_no_damaged_file_is_opened_as_another_project(tmp_path):
    strict = ("--strict-ok", shlex.join([sys.executable, "-m", "engine", "digest", "{file}"]))
    run(tmp_path, "zipfuzz", GOLDEN, "-n", "300", *CHECKS, *strict)
