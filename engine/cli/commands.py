"""What each command does. Every function takes what was typed and returns what there is to say."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine import api
from engine.cli import told
from engine.cli.execute import Outcome
from engine.data import wording
from engine.data.samples import SAMPLES
from engine.files import atomic_write
from engine.problems import UserError
from engine.project.file import check_name
from engine.training.environment import environment

NAME = os.environ.get("NETWRIGHT_COMMAND", "netwright")  # as the person started it; packaging/start.sh sets it
REPORTS = {".md": "to_markdown", ".html": "to_html", ".json": "to_json"}


def new(typed: Namespace) -> Outcome:
    check_name(typed.out)
    notes: list[str] = []
    project = api.new(
        typed.out,
        template=typed.template,
        data=typed.data,
        target=typed.target,
        balance=typed.balance,
        leave_out_broken=typed.leave_out_broken,
        on_note=notes.append,
    )
    boxes = {name: type(layer).__name__ for name, layer in project.graph.nodes.items()}
    lines = [f"Wrote {typed.out}: {' → '.join(boxes)}.", f"Train it with: {NAME} train {typed.out}"]
    facts = {"file": typed.out, "boxes": boxes, "training": project.training.to_dict(), "notes": notes}
    return Outcome(facts, [*notes, *lines])


def check(typed: Namespace) -> Outcome:
    if typed.server:
        _serve()
        return Outcome({"status": "ok"})
    found = api.check(typed.file)
    status = "error" if found else "ok"
    return Outcome(
        {"file": typed.file, "status": status, "problems": found}, [f"{typed.file} is fine."][: not found], found
    )


def _serve() -> None:
    """Answer each path that comes as a line with one line of JSON, until there are no more."""
    for line in sys.stdin:
        try:
            found = api.problems_of(line.rstrip("\n"))
            answer: dict[str, Any] = {"status": "ok", "problems": found}
        except UserError as error:
            answer = {"status": "error", "message": " ".join(str(error).split())}
        print(json.dumps(answer, sort_keys=True), flush=True)


def train(typed: Namespace) -> Outcome:
    from engine.cli.progress import Bar

    bar = Bar(shown=sys.stderr.isatty() or not typed.json)
    names = ("epochs", "seed", "rate", "batch", "workers", "clip_norm", "clip_value", "average", "leave_out_broken")
    settings = {name: getattr(typed, name) for name in names}
    try:
        run = api.train(typed.file, **settings, resume=typed.resume, on_event=bar.hear)
    finally:
        bar.close()
    summary = told.summary(run)
    return Outcome({"file": typed.file, **summary}, told.summary_lines(summary))


def evaluate(typed: Namespace) -> Outcome:
    found = api.evaluate(typed.file, data=typed.data, run=typed.run)
    metrics = told.metrics(found.metrics)
    lines = [f"{found.run} on {found.samples:,} {'validation samples' if found.part == 'validation' else 'samples'}:"]
    lines += [f"  {name} {value:.6g}" for name, value in {"loss": found.loss, **metrics}.items() if value is not None]
    lines += [
        line
        for node, scores in found.classes.items()
        for line in told.class_lines(node, scores, len(found.metrics) > 1)
    ]
    return Outcome({**asdict(found), "metrics": metrics}, [*lines, *found.notes])


def predict(typed: Namespace) -> Outcome:
    notes: list[str] = []
    answers = api.predict(typed.file, typed.inputs, run=typed.run, out=typed.out, on_note=notes.append)
    for note in notes:
        print(note, file=sys.stderr)
    plain = [{node: told.answer(answer) for node, answer in sample.items()} for sample in answers]
    several = len(answers[0]) > 1 if answers else False
    lines = [
        "  ".join(told.answer_line(node if several else "", a) for node, a in sample.items()) for sample in answers
    ]
    written = [f"Wrote {typed.out}: {wording.count(len(answers), 'answer')}."] if typed.out else lines
    return Outcome({"file": typed.file, "answers": plain, "notes": notes}, written)


def export(typed: Namespace) -> Outcome:
    ending = Path(typed.report).suffix.lower() if typed.report else ".md"
    if ending not in REPORTS:
        raise UserError(
            f"A report cannot be written as {ending or 'a file without ending'}. Choose {', '.join(REPORTS)}."
        )
    report = api.export(typed.file, typed.out, opset=typed.opset, run=typed.run)
    if typed.report:
        atomic_write(typed.report, getattr(report, REPORTS[ending])().encode())
    checked = report.verification
    lines = [f"Wrote {typed.out} ({report.size:,} bytes, operator set {report.opset})."]
    lines += [
        f"ONNX Runtime answers alike at all {len(checked.boxes)} boxes: largest difference {checked.largest:.2g}."
    ]
    return Outcome(report.to_dict(), lines)


def runs(typed: Namespace) -> Outcome:
    found = [told.summary(run) for run in api.runs(typed.file)]
    lines = [told.run_line(item) for item in found] or [f"{typed.file} has no run yet."]
    return Outcome({"file": typed.file, "runs": found}, lines)


def layers(typed: Namespace) -> Outcome:
    from engine.cli.declared import everything

    found = everything()
    lines = []
    for category, kinds in found["layers"].items():
        lines += [category, *(f"  {name:24}{entry['sentence']}" for name, entry in kinds.items())]
    lines += [f"{name.capitalize()}: {', '.join(members)}" for name, members in found.items() if name != "layers"]
    return Outcome(found, lines)


def samples(typed: Namespace) -> Outcome:
    found = [
        {"name": s.name, "title": s.title, "task": s.task, "target": s.target, "warning": s.warning}
        for s in (SAMPLES[name] for name in api.samples())
    ]
    return Outcome({"samples": found}, [f"{item['name']:18}{item['title']}" for item in found])


def bench(typed: Namespace) -> Outcome:
    workers = typed.workers or 0
    if typed.serve:
        from engine.bench.serve import serve

        serve(workers=workers)
        return Outcome({})
    from engine.cli import speeds

    found = []
    for item in api.bench(typed.file, only=typed.only, seconds=typed.seconds, rounds=typed.rounds, workers=workers):
        found.append(item)
        print(f"{item.name} is measured.", file=sys.stderr)
    measured = speeds.table(found, environment())
    return Outcome(measured, speeds.lines(measured))


def save_copy(typed: Namespace) -> Outcome:
    check_name(typed.out)
    api.save_copy(typed.file, typed.out)
    return Outcome({"file": typed.file, "copy": typed.out}, [f"Wrote {typed.out}."])


def digest(typed: Namespace) -> Outcome:
    lines = api.digest(typed.file)
    return Outcome({"file": typed.file, "digest": dict(line.split(" ", 1) for line in lines)}, lines)


COMMANDS: Mapping[str, Callable[[Namespace], Outcome]] = {
    "new": new,
    "check": check,
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "export": export,
    "runs": runs,
    "layers": layers,
    "bench": bench,
    "samples": samples,
    "save-copy": save_copy,
    "digest": digest,
}
