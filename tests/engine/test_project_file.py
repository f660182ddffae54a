"""Project files: what is saved comes back, equal values give equal bytes, and bad files are refused in one sentence."""

import hashlib
import os
import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.missing import Missing
from engine.problems import UserError
from engine.project import container, curves
from engine.project.container import FORMAT
from engine.project.file import array_bytes, digest, encode, load, save
from engine.project.limits import DamagedFileError
from engine.project.migrations import STEPS
from engine.project.run import Run, Saved, from_checkpoint, keep, next_id, to_checkpoint
from engine.project.strict_json import dump
from engine.project.strict_json import load as load_json
from engine.training.history import Epoch, Recorder

FILES = Path(__file__).parents[1] / "files"
GOLDEN = FILES / f"format_{FORMAT}.netw"


@pytest.fixture(scope="module")
def saved():
    return load(GOLDEN)


def members(path=GOLDEN):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, parts, method=zipfile.ZIP_STORED, mend=True):
    """Write members as a zip; with `mend` the manifest is made to agree with them."""
    if mend:
        manifest = load_json(parts["manifest.json"])
        for name, data in parts.items():
            if name in manifest["members"]:
                manifest["members"][name] |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        parts = parts | {"manifest.json": dump(manifest)}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
def test_files_of_every_format_open(version):
    found = load(FILES / f"format_{version}.netw")
    nodes = found.project.graph.nodes
    assert list(nodes) == ["input", "dense", "relu", "from elsewhere", "out"]
    assert [name for name, layer in nodes.items() if isinstance(layer, Missing)] == ["from elsewhere"]
    assert found.project.places["out"] == (320.0, -4.25)
    assert found.project.notes == "Grüße, 世界 🦉"
    assert found.runs[0].parameters["dense.weight"].shape == (3, 4)
    assert found.runs[0].history.losses.tolist() == [1.5, 1.25, 0.1]


def test_every_older_format_has_its_migration():
    assert sorted(STEPS) == list(range(1, FORMAT))


def test_what_is_saved_comes_back_to_the_byte(saved, tmp_path):
    save(tmp_path / "a.netw", saved)
    assert encode(load(tmp_path / "a.netw")) == encode(saved) == (tmp_path / "a.netw").read_bytes()
    assert digest(load(tmp_path / "a.netw")) == digest(saved)


def test_the_first_member_tells_systems_what_the_file_is():
    assert GOLDEN.read_bytes()[30:].startswith(b"mimetypeapplication/x-netwright")
    with zipfile.ZipFile(GOLDEN) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_run_keeps_what_it_was(saved):
    run = saved.runs[0]
    assert (run.id, run.seed, run.status, run.best_epoch) == ("run-1", 7, "stopped", 1)
    assert run.project == saved.project
    assert run.fitted["out"]["classes"] == ["x", "y", "z"]
    assert next_id(saved.runs) == "run-3"
    assert next_id(()) == "run-1"
    with pytest.raises(ValueError, match="read-only"):
        run.parameters["dense.bias"][0] = 1
    assert run.with_(seed=8).seed == 8


def test_a_training_that_was_resumed_takes_the_place_of_its_run(saved):
    first, second = (run.with_(started=f"2026-01-0{day}") for day, run in enumerate(saved.runs, 1))
    runs, kept = keep((first, second), first.with_(id="run-9", status="done"))
    assert [run.id for run in runs] == [first.id, second.id]
    assert runs[0] is kept
    assert kept.status == "done"
    assert runs[1] is second


def test_one_that_became_infinite_takes_nobodys_place(saved):
    first = saved.runs[0].with_(started="2026-01-01")
    runs, kept = keep((first,), first.with_(status="failed"))
    assert runs == (first, kept)
    assert (kept.id, kept.status) == ("run-2", "failed")
    assert keep((first,), first.with_(data="other"))[1].id == "run-2"  # nor does one of other data


@pytest.mark.parametrize("status", ["running", "done", "stopped", "failed"])
def test_only_a_run_that_was_stopped_can_go_on(saved, status):
    assert saved.runs[0].with_(status=status).can_go_on is (status == "stopped")
    assert not saved.runs[0].with_(status=status, counters={}).can_go_on


@pytest.mark.parametrize("keep_best", [True, False])
def test_a_run_goes_on_from_exactly_where_its_checkpoint_was(saved, tmp_path, keep_best):
    first = to_checkpoint(saved.runs[0])
    project = saved.project.with_(training=saved.project.training.with_(keep_best=keep_best))
    run = from_checkpoint(first, id="run-1", project=project)
    save(tmp_path / "a.netw", Saved(project, (run,)))
    again = to_checkpoint(load(tmp_path / "a.netw").runs[0])
    assert sorted(first.arrays) == ["dense.bias", "dense.weight", "optimizer/mean", "optimizer/square"]
    for group in ("arrays", "best", "gathered"):
        before, after = getattr(first, group), getattr(again, group)
        assert before.keys() == after.keys()
        assert all(np.array_equal(before[name], after[name]) for name in before)
    assert (again.step, again.epoch, again.random) == (first.step, first.epoch, first.random)
    np.testing.assert_array_equal(
        run.parameters["dense.bias"], getattr(first, "best" if keep_best else "arrays")["dense.bias"]
    )


def test_arrays_of_any_layout_and_type_come_back():
    arrays = {"a.x": np.arange(6.0).reshape(2, 3).T, "b.y": np.array(3, np.int64), "c.z": np.zeros((0, 2), bool)}
    first, second = (array_bytes(dict(order)) for order in (arrays.items(), reversed(arrays.items())))
    assert first == second
    found = container.describe_arrays(arrays)
    assert found == {"a.x": ["float64", [3, 2]], "b.y": ["int64", []], "c.z": ["bool", [0, 2]]}


def test_the_digest_is_free_of_times_and_tells_states_apart(saved):
    run = saved.runs[0]
    assert digest(Saved(saved.project, (run.with_(started="now"), saved.runs[1]))) == digest(saved)
    assert [line.split()[0] for line in digest(saved)][:4] == [
        "document",
        "run-1/weights",
        "run-1/optimizer",
        "run-1/random",
    ]
    assert digest(saved)[3] != digest(Saved(saved.project, (run.with_(counters={"random": 1}),)))[3]


def refused(path, pattern, damaged=True):
    with pytest.raises(UserError) as caught:
        load(path)
    text = str(caught.value)
    assert isinstance(caught.value, DamagedFileError) is damaged
    assert text.startswith(str(path))
    assert text.endswith(".")
    assert "\n" not in text
    assert re.search(pattern, text), text


def test_every_cut_of_a_file_is_refused(tmp_path):
    data = GOLDEN.read_bytes()
    path = tmp_path / "cut.netw"
    path.write_bytes(b"")
    refused(path, "is empty; a copy from before")
    for size in [1, 3, 4, 30, len(data) // 2, len(data) - 1, *range(100, len(data), 997)]:
        path.write_bytes(data[:size])
        refused(path, "damaged")


def test_what_is_no_file_of_ours_is_refused_in_one_sentence(tmp_path):
    refused(tmp_path / "gone.netw", "because it is not there", damaged=False)
    refused(tmp_path, "is a folder, not a project file")
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1000)
    refused(path, "is not a Netwright project")
    refused(
        write(path, {"mimetype": b"application/epub+zip"}, mend=False), "is a zip file, but not a Netwright project"
    )
    refused(write(path, {"word.xml": b""}, mend=False), "is not a Netwright project, though it is a zip file")
    path.write_bytes(b"MZ" * 500 + GOLDEN.read_bytes())
    refused(path, "not a Netwright project")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "is a pipe or a device")


def test_a_newer_file_is_refused_and_one_that_still_suits_opens(tmp_path, saved):
    manifest = load_json(members()["manifest.json"])
    newer = members() | {"manifest.json": dump(manifest | {"format": 9, "oldest_reader": 9})}
    refused(
        write(tmp_path / "a", newer), r"newer Netwright \(format 9; this one reads format 1\); update", damaged=False
    )
    suits = members() | {"manifest.json": dump(manifest | {"format": 9, "oldest_reader": FORMAT, "more": 1})}
    assert load(write(tmp_path / "a", suits)).project == saved.project


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"../evil": b""}, "a name that no project has"),
        ({"/etc/evil": b""}, "a name that no project has"),
        ({"a\\evil": b""}, "a name that no project has"),
        ({"C:evil": b""}, "a name that no project has"),
        ({"runs/run-1/": b""}, "a name that no project has"),
        ({"extra.json": b"{}"}, "extra.json is not listed"),
        ({"project.json": b"{}"}, "missing required field"),
        ({"project.json": b"[" * 99 + b"]" * 99}, "nested more than 64 deep"),
        ({"project.json": b'{"a":1,"a":2}'}, "names 'a' twice"),
        ({"project.json": b'{"a":NaN}'}, "holds NaN"),
        ({"runs/run-1/run.json": b"{}"}, "missing required field"),
        ({"runs/run-2/history.safetensors": array_bytes({})}, "other arrays than its manifest"),
        ({"project.json": b"[" + b"[]," * 2_000_000 + b"]"}, "holds more than 2000000 values"),
        ({"preview.png": bytes(9 << 20)}, "is larger than 8 MB"),
        ({"runs/run-1/weights.safetensors": b""}, "holds no arrays"),
        ({"runs/run-1/weights.safetensors": array_bytes({})}, "other arrays than its manifest says"),
        ({"runs/run-1/weights.safetensors": array_bytes({"a": np.zeros((1,) * 9)})}, "more than 8 axes"),
        ({"preview.png": b"GIF89a"}, "is no picture"),
        ({"manifest.json": b"{}"}, "names no version"),
        ({"manifest.json": b'{"format": 1, "oldest_reader": 1}'}, "manifest cannot be read"),
        ({"manifest.json": b'{"format": true, "oldest_reader": 1, "members": {}}'}, "manifest cannot be read"),
        ({"manifest.json": b"\0"}, "is not valid JSON"),
        (
            {"manifest.json": b'{"format": 1, "oldest_reader": 1, "members": {}, "\\ud800": 1}'},
            "manifest cannot be read",
        ),
    ],
)
def test_contents_that_no_program_of_ours_wrote_are_refused(tmp_path, changes, pattern):
    path = write(tmp_path / "a", members() | changes, mend="manifest.json" not in changes)
    refused(path, pattern, damaged="required field" not in pattern)


@pytest.mark.parametrize("name", [name for name in members() if name != "mimetype"])
def test_no_member_may_be_absent_or_changed(tmp_path, name):
    rest = {key: data for key, data in members().items() if key != name}
    refused(write(tmp_path / "a", rest, mend=False), "missing|There is no item")
    changed = members() | {name: members()[name] + (b"x" if name == "manifest.json" else b" ")}
    refused(write(tmp_path / "a", changed, mend=False), "was changed|is not valid JSON")


def without(name):
    """Return the members of a project in which one never was."""
    manifest = load_json(members()["manifest.json"])
    del manifest["members"][name]
    return {key: data for key, data in members().items() if key != name} | {"manifest.json": dump(manifest)}


@pytest.mark.parametrize("name", [name for name in members() if name not in ("mimetype", "manifest.json")])
def test_a_project_lacks_at_most_its_preview(tmp_path, name):
    path = write(tmp_path / "a", without(name))
    if name == "preview.png":
        assert load(path).preview == b""
    elif name.endswith("/run.json"):
        assert len(load(path).runs) == len(load(GOLDEN).runs) - 1
    else:
        refused(path, rf"is damaged: its member {name} is missing")


def renamed(old, new):
    """Return the members of a project with those of a folder in another one."""
    manifest, parts = load_json(members()["manifest.json"]), {}
    manifest["members"] = {name.replace(old, new): entry for name, entry in manifest["members"].items()}
    for name, data in members().items():
        parts[name.replace(old, new)] = data
    return parts | {"manifest.json": dump(manifest)}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("run-x", "'run-x' is no name of a run"),
        ("run-1234567", "'run-1234567' is no name of a run"),
        ("run-7", "run-7 is not described as it should be"),
    ],
)
def test_a_run_is_called_by_its_number_everywhere(tmp_path, name, why):
    refused(write(tmp_path / "a", renamed("runs/run-1/", f"runs/{name}/")), why)


def test_curves_that_do_not_fit_together_are_refused(tmp_path, saved):
    name = "runs/run-1/history.safetensors"
    arrays = curves.to_arrays(saved.runs[0].history) | {"epochs/loss": np.zeros(77)}
    manifest = load_json(members()["manifest.json"])
    manifest["members"][name]["arrays"] = container.describe_arrays(arrays)
    parts = members() | {name: array_bytes(arrays), "manifest.json": dump(manifest)}
    refused(write(tmp_path / "a", parts), "the curves of run-1 cannot be read")


def test_what_this_machine_cannot_read_is_told_and_is_not_damaged(tmp_path, monkeypatch):
    def fail(error):
        def read(*_):
            raise error

        monkeypatch.setattr(container, "_unpack", read)

    fail(MemoryError())
    refused(GOLDEN, "because it needs more memory than this machine has", damaged=False)
    fail(OSError(5, "Input/output error"))
    refused(GOLDEN, "could not be opened, because the disk reports an error", damaged=False)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_tricks_of_zip_files_are_refused(tmp_path):
    path = write(tmp_path / "a", members())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("project.json", b"{}")
    refused(path, "two of its members have the same name")
    link = zipfile.ZipInfo("preview.lnk")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(write(path, members()), "a") as archive:
        archive.writestr(link, b"/etc/passwd")
    refused(path, "is a link or a device")
    bomb = members() | {"preview.png": b"\0" * 5_000_000}
    refused(write(path, bomb, zipfile.ZIP_DEFLATED), "claims to unpack to 5000000 bytes")
    refused(write(path, members(), zipfile.ZIP_BZIP2), "packed in a way that projects do not use")
    many = members() | {f"m{number}": b"" for number in range(10_001)}
    refused(write(path, many), "a project has at most 10000")


def test_sizes_that_lie_are_refused(tmp_path):
    data = bytearray(GOLDEN.read_bytes())
    entry = data.rindex(b"PK\1\2")
    struct.pack_into("<II", data, entry + 20, 2**31, 2**31)
    (tmp_path / "a").write_bytes(data)
    refused(tmp_path / "a", "claim to be larger than the file")


def test_an_encrypted_project_is_called_so(tmp_path):
    data = bytearray(GOLDEN.read_bytes())
    data[data.rindex(b"PK\1\2") + 8] |= 1
    (tmp_path / "a").write_bytes(data)
    refused(tmp_path / "a", "is encrypted, or packed in a way")


def test_a_file_that_was_packed_anew_opens(tmp_path, saved):
    assert load(write(tmp_path / "a", members(), zipfile.ZIP_DEFLATED)).project == saved.project


def test_no_permission_is_named(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    refused(GOLDEN, "because you have no permission to read it", damaged=False)


def test_a_failed_run_without_arrays_comes_back(saved, tmp_path):
    save(tmp_path / "a.netw", Saved(saved.project, (Run("run-12", saved.project, status="failed"),)))
    (run,) = load(tmp_path / "a.netw").runs
    assert (run.id, run.status, dict(run.parameters), run.history.epochs) == ("run-12", "failed", {}, ())


@pytest.mark.parametrize(
    ("notes", "why"), [("x" * (33 << 20), "is larger than 32 MB"), ("," * 2_000_001, "holds more than 2000000 values")]
)
def test_what_could_not_be_opened_again_is_not_saved(saved, notes, why):
    with pytest.raises(UserError, match=rf"too large to be saved: its member project.json {why}\. Shorten"):
        encode(Saved(saved.project.with_(notes=notes)))


def test_only_texts_are_limited_in_their_values(saved, tmp_path):
    """Weights may look like commas."""
    commas = np.full(2_000_001, ord(","), np.uint8)
    save(tmp_path / "a.netw", Saved(saved.project, (saved.runs[0].with_(optimizer={"best/x": commas}),)))
    np.testing.assert_array_equal(load(tmp_path / "a.netw").runs[0].optimizer["best/x"], commas)


def test_members_are_ordinary_files_that_everybody_may_read_once_unpacked(saved, tmp_path):
    save(tmp_path / "a.netw", saved)
    with zipfile.ZipFile(tmp_path / "a.netw") as archive:
        assert {oct(info.external_attr >> 16) for info in archive.infolist()} == {"0o100644"}
        assert {info.create_system for info in archive.infolist()} == {3}


NUMBER = st.floats(allow_nan=True, width=64)
SCORES = st.fixed_dictionaries({"a/b": st.fixed_dictionaries({"R2": st.none() | st.floats(allow_nan=False)})})


@given(
    st.lists(st.tuples(NUMBER, NUMBER), max_size=4),
    st.lists(st.tuples(NUMBER, st.none() | st.floats(allow_nan=False), SCORES, SCORES), max_size=4),
)
@example([(np.nan, 1.0)], [(np.nan, None, {"a/b": {"R2": None}}, {"a/b": {"R2": 1.0}})])
@settings(max_examples=40)
def test_every_curve_comes_back_to_the_bit(steps, epochs):
    recorder = Recorder()
    for loss, norm in steps:
        recorder.step(loss, 0.5, norm)
    for number, (loss, validation_loss, metrics, more) in enumerate(epochs, 1):
        recorder.close(Epoch(number, 3 * number, 0.1, loss, metrics, validation_loss, more, 2.5, 7.0))
    before = recorder.snapshot()
    after = curves.from_arrays({name: array.copy() for name, array in curves.to_arrays(before).items()})
    assert repr(after.to_dict()) == repr(before.to_dict())  # NaN equals no other
    with pytest.raises(ValueError, match="read-only"):
        after.losses[:] = 1


def test_curves_come_back_exactly_and_others_are_refused(saved):
    history = saved.runs[0].history
    arrays = curves.to_arrays(history)
    again = curves.from_arrays({name: array.copy() for name, array in arrays.items()})
    assert again.epochs == history.epochs
    assert again.to_dict() == history.to_dict()
    for name, wrong in [
        ("steps/losses", np.zeros((1, 1))),
        ("epochs/loss", np.zeros(5)),
        ("metrics/out/Accuracy", np.zeros(9)),
    ]:
        with pytest.raises(ValueError, match=r"list of numbers|zip"):
            curves.from_arrays(arrays | {name: wrong})
    with pytest.raises(KeyError):
        curves.from_arrays({})
