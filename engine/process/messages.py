"""What the window and the training process say to each other: small frozen values, and nothing that could run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.problems import UserError
from engine.training.events import Began, Checkpointed, EpochDone, Steps


@dataclass(frozen=True)
class Start:
    """The first order. `project` is `to_dict` of one; None resumes that of the checkpoint, whatever became of it since.

    `folder` is where checkpoints lie; `every` the least number of seconds of steps between two of them.
    """

    project: Mapping[str, Any] | None
    folder: str
    resume: bool = False
    every: float = 30.0


@dataclass(frozen=True)
class Pause:
    """Rest after the present step, and keep a checkpoint."""


@dataclass(frozen=True)
class Continue:
    """Go on after a pause."""


@dataclass(frozen=True)
class Stop:
    """End after the present step, and keep what was learnt."""


@dataclass(frozen=True)
class Heartbeat:
    """The process is there; sent when there was nothing else to say for a second."""


@dataclass(frozen=True)
class Reading:
    """The data is being read and prepared."""


@dataclass(frozen=True)
class Resumed:
    """What the checkpoint brings along: `history` as `History.to_dict` writes it, and what happened while finding it."""

    history: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ready:
    """The data is read, and the first step comes next. `notes` are sentences about the data."""

    began: Began
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """All steps and epochs since the last progress; at most 20 a second.

    `validated` is the share of the validation samples that has been answered, while that goes on.
    """

    steps: Steps | None = None
    epochs: tuple[EpochDone, ...] = ()
    validated: float | None = None


@dataclass(frozen=True)
class Paused:
    """The training rests, or (`paused` false) goes on."""

    paused: bool


@dataclass(frozen=True)
class Result:
    """The end. The checkpoint with everything in it lies at `path`, or is `content` where no file could be written.

    `status` is that of a run: "done", "stopped" or "failed" (then `text` says why, and `node` names the box).
    """

    status: str
    path: str
    content: bytes = b""
    text: str = ""
    node: str | None = None


@dataclass(frozen=True)
class Failed:
    """There is no result. `text` is for the person, `trace` for a report of the fault; empty where nobody is to blame.

    `resumable` is the number of complete epochs in the last checkpoint, None where there is none.
    """

    text: str
    trace: str = ""
    resumable: int | None = None


ORDERS = (Start, Pause, Continue, Stop)
REPORTS = (Heartbeat, Reading, Resumed, Ready, Progress, Checkpointed, Paused, Result, Failed)
_KINDS = {kind.__name__: kind for kind in (*ORDERS, *REPORTS)}


def encode(message: Any) -> bytes:
    """Return a message as MessagePack."""
    return msgspec.msgpack.encode([type(message).__name__, message])


def decode(content: bytes) -> Any:
    """Return the message that `encode` wrote; raise UserError where it is none."""
    try:
        name, fields = msgspec.msgpack.decode(content, type=tuple[str, dict[str, Any]])
        return msgspec.convert(fields, _KINDS[name])
    except (msgspec.MsgspecError, KeyError) as error:
        raise UserError(f"The training process said something that nobody understands: {error}.") from error
