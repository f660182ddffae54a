"""The project as plain JSON values and back; also what the clipboard holds and what tests of undo compare."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from engine.data.settings import DataSettings
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer
from engine.missing import Missing
from engine.problems import UserError
from engine.project.project import Place, Project
from engine.project.strict_json import dump
from engine.spec import Spec, SpecError
from engine.training.settings import TrainingSettings

T = TypeVar("T")
S = TypeVar("S", bound=Spec)
WireRow = tuple[str, str, str, str]  # box and output that a wire starts at, box and input that it ends at


class Box(msgspec.Struct, forbid_unknown_fields=True):
    """A box in the file; the order of boxes is the order in which they were added."""

    name: str
    layer: dict[str, Any]
    place: Place | None = None


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """What `project.json` holds."""

    boxes: list[Box]
    wires: list[WireRow]
    data: dict[str, Any]
    training: dict[str, Any]
    notes: str = ""


def to_dict(project: Project) -> dict[str, Any]:
    """Return a project as plain JSON values."""
    graph, places = project.graph, project.places
    return {
        "boxes": [_box(name, layer, places.get(name)) for name, layer in graph.nodes.items()],
        "wires": [[start.node, start.name, end.node, end.name] for end, start in graph.wires.items()],
        "data": project.data.to_dict(),
        "training": project.training.to_dict(),
        "notes": project.notes,
    }


def _box(name: NodeId, layer: Layer, place: Place | None) -> dict[str, Any]:
    where = {} if place is None else {"place": [float(place[0]), float(place[1])]}
    return {"name": name, "layer": layer.to_dict()} | where


def from_dict(raw: Any) -> Project:
    """Return the project that plain JSON values describe; the inverse of `to_dict`.

    A layer that is unknown here, or has an unknown parameter, becomes a `Missing` box. Raises UserError where `raw` is
    no project at all.
    """
    document = convert(raw, Document)
    graph = _graph(document)
    return Project(
        graph,
        {box.name: box.place for box in document.boxes if box.place is not None},
        _settings(DataSettings, document.data),
        _settings(TrainingSettings, document.training),
        document.notes,
    )


def convert(raw: Any, kind: type[T]) -> T:
    """Return `raw` as a value of `kind`; raise UserError that says where it does not fit."""
    try:
        return msgspec.convert(raw, kind)
    except (msgspec.ValidationError, UnicodeError, RecursionError) as error:
        raise UserError(f"This is no {kind.__name__.lower()} of Netwright: {error}.") from error


def _graph(document: Document) -> Graph:
    names = {box.name for box in document.boxes}
    if len(names) < len(document.boxes):
        raise UserError("This is no project of Netwright: two of its boxes have the same name.")
    wires: dict[Port, Port] = {}
    for source, output, node, port in document.wires:
        if Port(node, port) in wires:
            raise UserError(f"This is no project of Netwright: two of its wires end at {node!r:.80}, {port!r:.80}.")
        wires[Port(node, port)] = Port(source, output)
    ports: dict[str, tuple[str, ...]] = {}
    for end in wires:
        ports[end.node] = (*ports.get(end.node, ()), end.name)
    return Graph({box.name: layer_from(box.layer, ports.get(box.name, ())) for box in document.boxes}, wires)


def layer_from(raw: Mapping[str, Any], ports: tuple[str, ...] = ()) -> Layer:
    """Return the layer that `raw` describes, or a `Missing` box with these input ports that keeps `raw`."""
    _declare()
    try:
        layer = Layer.from_dict(raw)
        if why := layer.problems().get("inputs"):  # as many ports as a hostile file says would fill the memory
            raise SpecError(why)
    except SpecError as error:
        return Missing.of(raw, str(error), ports)
    return layer


def _settings(kind: type[S], raw: dict[str, Any]) -> S:
    if raw.get("type") != kind.__name__:
        raise UserError(
            f"This is no project of Netwright: its {kind.__name__} are described as {raw.get('type')!r:.80}."
        )
    _declare()
    return kind.from_dict(raw)


def _declare() -> None:
    """Declare every family, so that names can be resolved: only now, since it takes longer than all else at a start."""
    import engine.catalog  # noqa: F401


def project_bytes(project: Project) -> bytes:
    """Return the project as JSON text; equal for projects that a person cannot tell apart."""
    return dump(to_dict(project))


def document_digest(project: Project) -> str:
    """Return the SHA-256 of a project, without the folders in which its data lies."""
    raw = to_dict(project)
    raw["data"] = _without_folders(raw["data"])
    return hashlib.sha256(dump(raw)).hexdigest()


def _without_folders(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without_folders(item, key) for key, item in value.items()}
    if isinstance(value, str) and name == "path":
        return value.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return value
