"""The command line, from outside: exit status, one JSON object, sentences on standard error, and no window."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest
from PIL import Image

from engine import cli
from engine.catalog import FAMILIES
from engine.cli import arguments, execute
from engine.cli import commands as known
from engine.data.settings import DataSettings
from engine.data.sources.image_folder import ImageFolder
from engine.optimizers.sgd import SGD
from engine.project.file import load, save
from engine.project.run import Saved
from engine.training.settings import TrainingSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Every test works in a folder of its own, with a state folder of its own."""
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def netwright(capsys):
    """Run a command here; return its status, its JSON object, and what it said on standard error."""

    def run(*words):
        status = cli.main([*map(str, words), "--json"])
        out, err = capsys.readouterr()
        assert out.endswith("\n")
        assert out.count("\n") == 1
        assert "Traceback" not in err
        return status, json.loads(out), err

    return run


def outside(*words, **options):
    """Start a command as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.fixture
def trained(netwright):
    assert netwright("new", "p.netw", "--template", "mlp", "--data", "penguins")[0] == 0
    assert netwright("train", "p.netw", "--epochs", 3, "--seed", 0)[0] == 0
    return "p.netw"


def test_every_command_can_be_typed_and_is_done():
    assert set(cli.COMMANDS) == set(arguments.COMMANDS) == set(known.COMMANDS)


def test_from_new_data_to_a_model(netwright, trained, place):
    status, told, _ = netwright("runs", trained)
    assert status == 0
    assert [(run["run"], run["status"], run["epochs"]) for run in told["runs"]] == [("run-1", "done", 3)]
    status, told, _ = netwright("evaluate", trained)
    assert told["metrics"]["accuracy"] > 0.6
    assert told["part"] == "validation"
    status, told, _ = netwright("export", trained, "p.onnx", "--report", "p.md")
    assert status == 0
    assert told["verified"] is True
    assert told["largest_difference"] <= 1e-4
    assert "| dense1 | Dense |" in Path("p.md").read_text()
    assert onnxruntime.InferenceSession("p.onnx").get_outputs()[0].name == "output"
    status, told, _ = netwright("check", trained)
    assert (status, told["problems"]) == (0, [])


def test_values_and_tables_are_answered(netwright, trained):
    row = "Torgersen,39.1,18.7,181,3750,MALE"
    status, told, _ = netwright("predict", trained, row, row)
    assert status == 0
    assert [answer["output"]["answer"] for answer in told["answers"]] == ["Adelie", "Adelie"]
    assert sum(told["answers"][0]["output"]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    head = "island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex"
    Path("new.csv").write_text(f"{head}\n{row}\nBiscoe,50,15.2,218,5700,MALE\n")
    status, told, _ = netwright("predict", trained, "new.csv")
    assert [answer["output"]["answer"] for answer in told["answers"]] == ["Adelie", "Gentoo"]
    for wrong, text in (("1,2", "needs 6 values"), ("Torgersen,wide,18.7,181,3750,MALE", "is a number")):
        status, _, err = netwright("predict", trained, wrong)
        assert status == 1
        assert text in err


def test_it_is_told_how_well_each_class_is_found(netwright, trained, capsys):
    told = netwright("evaluate", trained)[1]
    scores = told["classes"]["output"]
    assert [score["name"] for score in scores] == ["Adelie", "Chinstrap", "Gentoo"]
    assert sum(score["samples"] for score in scores) == told["samples"]
    assert sum(score["recall"] for score in scores) / 3 == pytest.approx(told["metrics"]["recall"])
    cli.main(["evaluate", trained])
    lines = capsys.readouterr().out.splitlines()
    (head,) = [
        place for place, line in enumerate(lines) if line.split() == ["class", "samples", "precision", "recall", "f1"]
    ]
    assert lines[head + 1].split() == [
        "Adelie",
        str(scores[0]["samples"]),
        *(f"{scores[0][n]:.1%}" for n in ("precision", "recall", "f1")),
    ]


def test_answers_are_written_beside_the_columns_of_the_data(netwright, trained):
    Path("new.csv").write_text(
        "id,sex,extra,body_mass_g,flipper_length_mm,bill_depth_mm,bill_length_mm,island\n"
        "0017,MALE,x,3750,181,18.7,39.1,Torgersen\n0004,,y,5700,218,15.2,50,Nowhere\n"
    )
    status, told, err = netwright("predict", trained, "new.csv", "--out", "told.csv")
    assert status == 0
    names, *lines = Path("told.csv").read_text().splitlines()
    (first, second), head = (line.split(",") for line in lines), names.split(",")
    assert names.startswith("id,sex,extra,body_mass_g,flipper_length_mm,bill_depth_mm,bill_length_mm,island,")
    assert head[8:] == [
        "predicted_species",
        *(f"probability_species_{name}" for name in ("Adelie", "Chinstrap", "Gentoo")),
    ]
    assert first[:3] == ["0017", "MALE", "x"]
    assert (first[8], second[8]) == ("Adelie", "Gentoo")
    assert float(first[9]) == pytest.approx(told["answers"][0]["output"]["probabilities"]["Adelie"], abs=1e-6)
    for out, sentence in (("new.csv", "holds the data itself"), ("told.xls", "ends in .csv")):
        status, _, err = netwright("predict", trained, "new.csv", "--out", out)
        assert status == 1
        assert sentence in err


def test_broken_pictures_are_left_out_where_a_person_says_so(netwright, place):
    for number in range(12):
        path = place / "pictures" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture") if number == 3 else Image.new("L", (4, 4), 20 * number).save(path)
    status, told, _ = netwright("new", "p.netw", "--data", "pictures")
    assert status == 1
    assert "--leave-out-broken" in told["error"]
    status, told, _ = netwright("new", "p.netw", "--data", "pictures", "--leave-out-broken")
    assert (status, told["notes"]) == (0, ["1 of 12 pictures is broken and was left out: b/03.png."])
    status, _, err = netwright("train", "p.netw", "--epochs", 1)
    assert (status, err) == (0, "1 of 12 pictures is broken and was left out: b/03.png.\n")
    (place / "pictures" / "a" / "04.png").write_bytes(b"")
    save(
        "q.netw",
        Saved(load("p.netw").project.with_(data=DataSettings(source=ImageFolder(path=str(place / "pictures"))))),
    )
    assert netwright("train", "q.netw", "--epochs", 1)[0] == 1
    status, _, err = netwright("train", "q.netw", "--epochs", 1, "--leave-out-broken")
    assert (status, "a/04.png, b/03.png" in err) == (0, True)
    assert netwright("train", "q.netw", "--epochs", 2, "--leave-out-broken", "--resume")[0] == 0
    assert netwright("evaluate", "q.netw")[0] == 0
    assert netwright("export", "q.netw", "q.onnx")[0] == 0
    status, told, _ = netwright("new", "r.netw", "--data", "penguins", "--leave-out-broken")
    assert (status, "Only a folder of pictures" in told["error"]) == (1, True)


def test_a_run_is_chosen_by_its_name(netwright, trained):
    assert netwright("train", trained, "--epochs", 1)[1]["run"] == "run-2"
    assert netwright("evaluate", trained)[1]["run"] == "run-2"
    assert netwright("evaluate", trained, "--run", "run-1")[1]["run"] == "run-1"
    status, _, err = netwright("evaluate", trained, "--run", "run-9")
    assert (status, "no run run-9" in err) == (1, True)


def test_the_help_has_the_words_that_the_window_shows_for_0():
    rules = {flag: more for flag, more in arguments.COMMANDS["train"][1] if flag.startswith("--")}
    for name, rule in TrainingSettings.params().items():
        flag = f"--{name.replace('_', '-')}"
        if rule.zero and flag in rules:
            assert f"(0: {rule.zero.lower()}" in rules[flag]["help"]
            assert rule.min == 0, name


def test_the_same_seed_gives_the_same_digest(netwright):
    digests = []
    for name in ("a.netw", "b.netw"):
        netwright("new", name, "--data", "penguins")
        netwright("train", name, "--epochs", 2, "--seed", 3)
        digests.append(netwright("digest", name)[1]["digest"])
    assert digests[0] == digests[1]
    assert set(digests[0]) >= {"document", "run-1/weights", "run-1/optimizer", "run-1/random"}
    netwright("save-copy", "a.netw", "c.netw")
    assert netwright("digest", "c.netw")[1]["digest"] == digests[0]


def test_resume_goes_on_with_the_same_run(netwright):
    netwright("new", "p.netw", "--data", "penguins")
    _, first, _ = netwright("train", "p.netw", "--epochs", 2, "--seed", 1)
    status, told, err = netwright("train", "p.netw", "--epochs", 4, "--resume")
    assert (status, err) == (0, "")
    assert (told["run"], told["epochs"], told["seed"]) == (first["run"], 4, 1)
    assert told["history"][:2] == first["history"]
    assert len(netwright("runs", "p.netw")[1]["runs"]) == 1


def test_resume_without_a_checkpoint_says_so(netwright):
    netwright("new", "p.netw", "--data", "penguins")
    status, told, err = netwright("train", "p.netw", "--resume")
    assert status == 1
    assert "no checkpoint" in err
    assert "no checkpoint" in told["error"]


def test_a_training_that_diverges_ends_with_a_sentence(netwright):
    netwright("new", "p.netw", "--data", "auto_mpg")
    netwright("train", "p.netw", "--epochs", 1)
    saved = load("p.netw")
    training = saved.project.training.with_(optimizer=SGD(), rate=100.0)
    save("p.netw", Saved(saved.project.with_(training=training), saved.runs))
    status, _, err = netwright("train", "p.netw", "--epochs", 30)
    assert status == 1
    assert "became infinite or not a number" in err
    assert [run["status"] for run in netwright("runs", "p.netw")[1]["runs"]] == ["done", "failed"]
    assert netwright("evaluate", "p.netw")[1]["run"] == "run-1"


def test_what_is_wrong_is_one_sentence(netwright, place):
    netwright("new", "p.netw", "--data", "penguins")
    Path("cut.netw").write_bytes(Path("p.netw").read_bytes()[:900])
    Path("ragged.csv").write_text("a,b\n1,2\n3,4,5\n")
    for words, text in (
        (("check", "missing.netw"), "missing.netw"),
        (("check", "cut.netw"), "cut.netw"),
        (("train", "cut.netw"), "cut.netw"),
        (("evaluate", "p.netw"), "no run yet"),
        (("export", "p.netw", "p.onnx"), "no run yet"),
        (("new", "x.netw", "--data", "nothing"), "no file, folder or sample named nothing"),
        (("new", "x.netw", "--data", "ragged.csv"), "ragged.csv"),
        (("new", "x.netw", "--data", "penguins", "--template", "cnn"), "needs images"),
        (("new", "x.netw", "--data", "penguins", "--target", "colour"), "no column colour"),
        (("new", "x.txt", "--data", "penguins"), "Let it end with .netw"),
        (("save-copy", "p.netw", "nowhere/p.netw"), "nowhere"),
        (("save-copy", "p.netw", "ragged.csv"), "ragged.csv is no name of a project file. Let it end with .netw."),
        (("save-copy", "p.netw", ""), "An empty text is no name of a project file."),
    ):
        status, told, err = netwright(*words)
        assert status == 1, words
        assert text in err
        assert err.count("\n") == 1
        assert told.get("error") or told["problems"]
    assert sorted(path.name for path in place.glob("*.netw")) == ["cut.netw", "p.netw"]
    assert Path("ragged.csv").read_text() == "a,b\n1,2\n3,4,5\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fly"],
        ["new"],
        ["train"],
        ["train", "p.netw", "--epochs", "0"],
        ["check"],
        ["export", "a", "b", "--opset", "9"],
    ],
)
def test_wrong_usage_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("train", "p.netw", "--epochs", "x"), "argument --epochs: this must be a whole number from 1 on, not 'x'"),
        (("train", "p.netw", "--rate", "0"), "argument --rate: this must be a number from 1e-12 on, not '0'"),
        (("check", "p.netw", "--server"), "check takes a FILE or --server, not both"),
    ],
)
def test_wrong_usage_is_a_sentence(words, sentence, capsys):
    with pytest.raises(SystemExit):
        arguments.read(words)
    assert sentence in capsys.readouterr().err


def test_what_cannot_be_answered_is_told_shortly(netwright, place):
    assert netwright("new", "d.netw", "--data", "digits8x8")[0] == 0
    assert netwright("train", "d.netw", "--epochs", 1)[0] == 0
    (place / "pictures").mkdir()
    assert netwright("predict", "d.netw", "pictures")[2].startswith("pictures is a folder without pictures.")
    few = netwright("predict", "d.netw", "1,2,3")[2]
    assert few.startswith("A sample needs 64 values (columns p0, p1, p2, p3, p4, p5, p6, p7 and 56 more), but 3 came")


def test_a_fault_of_the_program_is_a_sentence_and_a_log(netwright, place, monkeypatch):
    def broken(typed):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(known, "COMMANDS", {"samples": broken})
    status, told, err = netwright("samples")
    assert status == 1
    assert "netwright.log" in err
    assert "ZeroDivisionError" in told["error"]
    log = (place / "state" / "netwright.log").read_text()
    assert "ZeroDivisionError: planted" in log
    assert "Traceback" in log


def test_lists(netwright):
    _, told, _ = netwright("layers")
    dense = told["layers"]["Dense"]["Dense"]
    assert (dense["family"], dense["parameters"]["units"]["min"]) == ("Dense", 1)
    assert {"PyTorch", "ONNX Runtime", "central differences"} <= {proof["oracle"] for proof in dense["proofs"]}
    families = {name: told[name] for name in FAMILIES if name != "layers"} | told["layers"]
    for members in families.values():
        for entry in members.values():
            assert entry["sentence"]
            assert all(proof["largest"] <= proof["tolerance"] for proof in entry["proofs"])
    assert {"losses", "optimizers", "schedules", "metrics"} <= set(told)
    _, told, _ = netwright("samples")
    assert "digits8x8" in [sample["name"] for sample in told["samples"]]


def test_a_terminal_sees_a_bar_that_ends_full(netwright, monkeypatch, capsys):
    netwright("new", "p.netw", "--data", "penguins")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert cli.main(["train", "p.netw", "--epochs", "3"]) == 0
    out, err = capsys.readouterr()
    assert "run-1 is done after 3 epochs" in out
    assert "27/27" in err
    assert "validation" in err


def test_json_without_a_terminal_is_silent(netwright):
    netwright("new", "p.netw", "--data", "auto_mpg")
    status, told, err = netwright("train", "p.netw", "--epochs", 2)
    assert (status, err) == (0, "")
    assert told["validation_r2"] < 1
    assert [epoch["epoch"] for epoch in told["history"]] == [1, 2]


def test_numbers_that_json_does_not_have_become_null():
    assert execute._plain({"a": float("nan"), "b": [float("inf"), 1.5]}) == {"a": None, "b": [None, 1.5]}


def test_the_server_answers_line_by_line(netwright, monkeypatch, capsys):
    netwright("new", "p.netw", "--data", "penguins")
    Path("bad.netw").write_bytes(b"no zip")
    monkeypatch.setattr(sys, "stdin", io.StringIO("p.netw\nbad.netw\n\nmissing.netw\n"))
    assert cli.main(["check", "--server"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["status"] for answer in answers] == ["ok", "error", "error", "error"]
    assert "bad.netw" in answers[1]["message"]


def test_no_command_imports_qt(place):
    script = (
        "import sys; from engine import cli; cli.main(['layers']); "
        "cli.main(['new', 'p.netw', '--data', 'penguins']); cli.main(['check', 'p.netw']); "
        "assert not [name for name in sys.modules if name.split('.')[0] in ('PySide6', 'shiboken6', 'pyqtgraph', 'app')]"
    )
    process = outside("-c", script)
    _, err = process.communicate(timeout=200)
    assert (process.returncode, err) == (0, "")


def test_python_m_engine_starts_quickly_and_imports_little():
    script = (
        "import sys; from engine import cli; assert 'numpy' not in sys.modules; cli.main(['layers']); "
        "assert not {'onnx', 'onnxruntime', 'duckdb', 'PIL', 'tqdm'} & set(sys.modules)"
    )
    process = outside("-c", script)
    _, err = process.communicate(timeout=200)
    assert (process.returncode, err) == (0, "")
    process = outside("-m", "engine", "--help")
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    assert all(name in out for name in cli.COMMANDS)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent to whole consoles there")
def test_an_interrupt_stops_cleanly_and_keeps_what_was_learnt(netwright):
    netwright("new", "p.netw", "--data", "digits8x8", "--template", "cnn")
    process = outside("-m", "engine", "train", "p.netw", "--epochs", "1000", "--seed", "0")
    while "epoch 2/" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "was stopped" in out
    assert "Traceback" not in err
    run = load("p.netw").runs[0]
    assert run.status == "stopped"
    assert run.parameters
    epochs = len(run.history.epochs)
    status, told, _ = netwright("train", "p.netw", "--resume", "--epochs", epochs + 1)
    assert (status, told["epochs"], told["status"]) == (0, epochs + 1, "done")


def test_an_output_that_nobody_reads_is_no_fault():
    process = outside("-m", "engine", "layers")
    process.stdout.close()
    assert process.wait(timeout=200) in (0, 1)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
