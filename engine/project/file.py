"""Project files: save and load."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from engine.arrays import Array
from engine.files import atomic_write
from engine.problems import UserError
from engine.project import curves
from engine.project.container import Manifest, describe_arrays, pack, parse, read
from engine.project.encoding import convert, document_digest, from_dict, project_bytes, to_dict
from engine.project.limits import FileError, refusal
from engine.project.migrations import migrate
from engine.project.run import Run, Saved, Status
from engine.project.strict_json import dump
from engine.training.history import History

SUFFIX = ".netw"
RANK = 8
PNG = b"\x89PNG\r\n\x1a\n"


class RunRecord(msgspec.Struct, forbid_unknown_fields=True):
    """What `run.json` holds; the fields are those of `Run`."""

    id: str
    project: dict[str, Any]
    fitted: dict[str, Any]
    seed: int
    data: str
    versions: dict[str, Any]
    workers: int
    status: Status
    best_epoch: int | None
    counters: dict[str, Any]
    started: str


def check_name(path: str | os.PathLike[str]) -> None:
    """Raise UserError where a name does not end as that of a project does."""
    if os.path.splitext(path)[1].lower() != SUFFIX:
        raise UserError(f"{os.fspath(path) or 'An empty text'} is no name of a project file. Let it end with {SUFFIX}.")


def save(path: str | os.PathLike[str], saved: Saved) -> None:
    """Write a project file, safely; the version before stays as `.bak`. Raises UserError with the cause."""
    atomic_write(path, encode(saved), backup=True)


def encode(saved: Saved, **more: bytes) -> bytes:
    """Return the bytes of a project file; equal values give equal bytes. `more` are JSON members that `load` passes over."""
    members = {"project.json": project_bytes(saved.project)} | {f"{name}.json": data for name, data in more.items()}
    arrays: dict[str, Mapping[str, Array]] = {}
    if saved.preview:
        members["preview.png"] = saved.preview
    for run in saved.runs:
        folder = f"runs/{run.id}"
        members[f"{folder}/run.json"] = dump(_record(run))
        for name, held in _held(run).items():
            arrays[f"{folder}/{name}.safetensors"] = held
            members[f"{folder}/{name}.safetensors"] = array_bytes(held)
    return pack(members, arrays)


def _held(run: Run) -> dict[str, Mapping[str, Array]]:
    """Return the groups of arrays of a run, by the names of their members."""
    return {"weights": run.parameters, "optimizer": run.optimizer, "history": curves.to_arrays(run.history)}


def _record(run: Run) -> dict[str, Any]:
    values = {name: getattr(run, name) for name in RunRecord.__struct_fields__}
    values = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    return values | {"project": to_dict(run.project)}


def array_bytes(arrays: Mapping[str, Array]) -> bytes:
    """Return arrays as safetensors, sorted by name."""
    return save_safetensors({name: np.asarray(arrays[name], order="C") for name in sorted(arrays)})


def load(path: str | os.PathLike[str]) -> Saved:
    """Read a project file, all or nothing. Raises UserError: one sentence that names the file and what is wrong."""
    manifest, members = read(path)
    try:
        return _build(manifest, members)
    except FileError as error:
        raise refusal(path, error) from error
    except UserError as error:
        raise UserError(f"{path} cannot be opened: {error}") from error


def _build(manifest: Manifest, members: dict[str, bytes]) -> Saved:
    if "project.json" not in members:
        raise FileError("is damaged: its member project.json is missing")
    raw = {name: parse(name, data) for name, data in members.items() if name.endswith(".json")}
    raw = migrate(raw, manifest.format)
    ids = sorted((name.split("/")[1] for name in raw if name.endswith("/run.json")), key=_number)
    preview = members.get("preview.png", b"")
    if preview and not preview.startswith(PNG):
        raise FileError("is damaged: its preview is no picture")
    return Saved(from_dict(raw["project.json"]), tuple(_run(name, raw, manifest, members) for name in ids), preview)


def _number(run: str) -> int:
    digits = run.removeprefix("run-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 6):
        raise FileError(f"is damaged: {run!r:.80} is no name of a run")
    return int(digits)


def _run(name: str, raw: dict[str, Any], manifest: Manifest, members: dict[str, bytes]) -> Run:
    record = convert(raw[f"runs/{name}/run.json"], RunRecord)
    if record.id != name:
        raise FileError(f"is damaged: {name} is not described as it should be")
    weights, optimizer, series = (
        _arrays(f"runs/{name}/{member}.safetensors", manifest, members)
        for member in ("weights", "optimizer", "history")
    )
    values = {field: getattr(record, field) for field in RunRecord.__struct_fields__}
    values |= {"project": from_dict(record.project), "history": _history(name, series)}
    return Run(**values, parameters=weights, optimizer=optimizer)


def _history(run: str, series: dict[str, Array]) -> History:
    try:
        return curves.from_arrays(series)
    except (KeyError, ValueError, OverflowError) as error:
        raise FileError(f"is damaged: the curves of {run} cannot be read ({error!s:.100})") from error


def _arrays(name: str, manifest: Manifest, members: dict[str, bytes]) -> dict[str, Array]:
    """Return the arrays of a member; the bytes were checked already, so here only a made-up file can fail."""
    if name not in members:
        raise FileError(f"is damaged: its member {name} is missing")
    try:
        arrays = load_safetensors(members[name])
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise FileError(f"is damaged: its member {name} holds no arrays ({error!s:.100})") from error
    if any(array.ndim > RANK for array in arrays.values()):
        raise FileError(f"is damaged: its member {name} holds an array with more than {RANK} axes")
    told = {key: [dtype, list(shape)] for key, (dtype, shape) in manifest.members[name].arrays.items()}
    if told != describe_arrays(arrays):
        raise FileError(f"is damaged: its member {name} holds other arrays than its manifest says")
    return arrays


def digest(saved: Saved) -> list[str]:
    """Return lines `name sha256`, free of times and folders: equal lines mean the same project in the same state."""
    lines = [f"document {document_digest(saved.project)}"]
    for run in saved.runs:
        parts = {name: array_bytes(held) for name, held in _held(run).items() if name != "history"}
        parts["random"] = dump(run.counters.get("random"))
        lines += [f"{run.id}/{name} {hashlib.sha256(data).hexdigest()}" for name, data in parts.items()]
    return lines
