"""What saving and opening must survive, tried with the fault tools: kills, full disks, power cuts, damaged files."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from engine import api

from .project_commands import make

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
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
    """A command of ours in a process of its own, as the tools take it."""
    return shlex.join([sys.executable, str(HERE / "project_commands.py"), *words])


def at_once(*words):
    """The same in a fork of what has loaded everything: for all that needs no library before it, and no limits."""
    return shlex.join([sys.executable, "-I", "-S", str(HERE / "fork_server.py"), "{socket}", *words])


@pytest.fixture(scope="module", autouse=True)
def socket():
    """Where commands are run at once. A socket's path must be short."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        words, environment = shlex.split(command("serve", path)), {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(words, env=environment, text=True, **pipes) as server:
            assert server.stdout.readline() == "ready\n"
            yield path


@pytest.fixture
def run(tmp_path, socket):
    """Run a fault tool; it must find nothing."""

    def run(tool, *options, **more):
        words = [str(word).replace("{socket}", socket) for word in options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
        tool = [sys.executable, TOOLS / f"{tool}.py", *words]
        result = subprocess.run(tool, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
        print(result.stdout)

    return run


@pytest.fixture
def sweep(tmp_path, run):
    """Run a fault tool in a folder of the test."""
    return lambda tool, *options, **more: run(tool, "--dir", tmp_path / "d", *options, **more)


FILE, MODEL = "{dir}/net.netw", "{dir}/net.onnx"
KILLS = os.environ.get("NETWRIGHT_KILLS", "200")
KILLS_OF_EXPORT = os.environ.get("NETWRIGHT_KILLS", "20")  # each takes seconds
OLD = ("--setup", at_once("make", FILE, "1", "2"))
SAVING = (*OLD, "--cmd", command("make", FILE, "3"))
SAVING_AT_ONCE = (*OLD, "--cmd", at_once("make", FILE, "3"))
OLD_OR_NEW = ("--verify", at_once("holds", FILE, "2", "3"))
NEW = at_once("holds", FILE, "3")


@needs_compiler
def test_a_kill_at_any_operation_of_saving_loses_nothing(sweep):
    sweep("faultsweep", "--mode", "kill", *SAVING, *OLD_OR_NEW)


@needs_compiler
def test_a_kill_at_any_operation_of_the_command_save_copy_loses_nothing(tmp_path, sweep):
    make(str(tmp_path / "new.netw"), "3")
    copying = command("engine", "save-copy", str(tmp_path / "new.netw"), FILE)
    sweep("faultsweep", "--mode", "kill", *OLD, "--cmd", copying, *OLD_OR_NEW)


@needs_compiler
@pytest.mark.parametrize("faults", [("ENOSPC,EIO,EACCES,EROFS",), ("ENOSPC,EIO", "--short")])
def test_a_fault_at_any_operation_of_saving_is_told_and_leaves_nothing_over(sweep, faults):
    sweep("faultsweep", "--mode", "fault", "--errno", *faults, *SAVING, *OLD_OR_NEW, "--verify-new", NEW)


@needs_compiler
def test_a_kill_at_any_operation_of_writing_a_recovery_loses_nothing(tmp_path, sweep):
    words = ("--setup", at_once("recovery", "2"), "--cmd", command("recovery", "3"))
    verify = ("--verify", at_once("recovered", "2", "3"))
    sweep("faultsweep", "--mode", "kill", *words, *verify, NETWRIGHT_STATE=str(tmp_path / "d"))


@needs_compiler
@pytest.mark.parametrize("order", [(), ("--reorder",)])
def test_a_power_cut_leaves_the_old_or_the_new_version(sweep, order):
    sweep("powercut", *order, *SAVING, *OLD_OR_NEW, "--ack-verify", NEW)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    project = tmp_path_factory.mktemp("trained") / "net.netw"
    api.new(project, data="penguins")
    api.train(project, epochs=1)
    return project


def exporting(project, how):
    """Export over a model of an older operator set: what the tools run, and what must be there after it."""
    old, new = (
        made("engine", "export", str(project), MODEL, "--opset", opset)
        for made, opset in [(at_once, "17"), (how, "20")]
    )
    return ("--setup", old, "--cmd", new, "--verify", at_once("model", MODEL, "17", "20"))


NEW_MODEL = ("--verify-new", at_once("model", MODEL, "20"))


@needs_compiler
def test_a_kill_at_any_operation_of_export_loses_nothing(sweep, trained):
    sweep("faultsweep", "--mode", "kill", "--when", "mid,after", *exporting(trained, command))


@needs_compiler
def test_a_fault_at_any_operation_of_export_is_told_and_leaves_nothing_over(sweep, trained):
    faults = ("--errno", "ENOSPC", "--sticky", "1")
    sweep("faultsweep", "--mode", "fault", *faults, *exporting(trained, command), *NEW_MODEL)


def test_random_kills_of_export_leave_a_whole_model(sweep, trained):
    """In a fork, so that most of them meet the export itself and not what is loaded before it."""
    sweep("crashloop", "-n", KILLS_OF_EXPORT, "--keep", *exporting(trained, at_once))


@needs_root
def test_a_disk_too_full_for_a_model_is_named(run, trained):
    run("diskfull", "--size", "256K", "--steps", "5", *exporting(trained, at_once), *NEW_MODEL)


def test_no_save_that_was_acknowledged_is_lost_in_random_kills(sweep):
    words = ("--cmd", at_once("loop", FILE), "--verify", at_once("at-least", FILE))
    wait = ("--after-regex", "saved", "--window", "0.1", "--acked", r"saved (\d+)")
    sweep("crashloop", "-n", KILLS, "--keep", *words, *wait)


def test_a_limit_on_the_size_of_files_is_named(run):
    run("diskfull", "--rlimit", "--size", "4M", "--steps", "8", *SAVING, *OLD_OR_NEW)


@needs_root
def test_a_disk_that_takes_no_more_is_named(run):
    run("diskfull", "--readonly", "--size", "4M", "--steps", "8", *SAVING_AT_ONCE, *OLD_OR_NEW)


@needs_root
@pytest.mark.parametrize("kind", [(), ("--inodes",)])
def test_a_full_disk_is_named_and_loses_nothing(run, kind):
    run("diskfull", *kind, "--size", "1M", "--steps", "12", *SAVING_AT_ONCE, *OLD_OR_NEW, "--verify-new", NEW)


SEED = ("--seed", "1")  # the tool itself stumbles over a few others, where what it damages is no header any more
CHECKS = ("--server", shlex.join([sys.executable, "-m", "engine", "check", "--server"]))


def test_damaged_files_are_refused_in_a_sentence(run):
    run("zipfuzz", GOLDEN, *SEED, "-n", "2000", "--rss", "500", "--timeout", "5", *CHECKS)


def test_no_damaged_file_is_opened_as_another_project(run):
    run("zipfuzz", GOLDEN, *SEED, "-n", "300", *CHECKS, "--strict-ok", at_once("engine", "digest", "{file}"))
