"""A checkpoint: everything that is needed to continue a training exactly, as one sequence of bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from io import BytesIO
from typing import IO, Any
from zlib import crc32

import numpy as np
from safetensors.numpy import load, save

from engine.arrays import Array, Arrays
from engine.problems import UserError
from engine.training.history import Epoch, History

FORMAT = 1
LARGEST = 1 << 30  # bytes of a header
_GROUPS = ("arrays", "best", "answering", "gathered")  # fields that hold arrays by name
_CURVES = ("losses", "rates", "gradient_norms")


class DamagedError(UserError):
    """The bytes are no checkpoint, or not a whole one."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a training between two steps. Order of samples and patience follow from seed, step and history."""

    step: int
    epoch: int  # epochs that are complete
    random: Mapping[str, Any]  # state of the generator that dropout and the like draw from
    arrays: Arrays  # parameters, running statistics and the optimizer's vectors, as `State.arrays` gives them
    best: Arrays  # parameters of the best epoch so far; empty before there is one
    gathered: Arrays  # outputs of this epoch's steps, for its metrics
    history: History
    answering: Arrays = field(default_factory=dict)  # parameters that answer, where they are not those that learn
    seconds: float = 0.0  # of the epoch that is not complete
    samples: int = 0  # in one epoch
    workers: int = 1  # that shared each step: losses depend on it in the last bits
    about: Mapping[str, Any] = field(default_factory=dict)  # plain JSON values of whoever keeps it: project, versions

    def to_bytes(self) -> bytes:
        """Return the checkpoint as safetensors with a header in JSON; nothing in it can run."""
        arrays = {f"{group}/{name}": a for group in _GROUPS for name, a in getattr(self, group).items()}
        arrays |= {f"history/{name}": getattr(self.history, name) for name in _CURVES}
        text = json.dumps(self._header(), sort_keys=True)
        return save(arrays, {"netwright": f"{_sum(text, arrays)} {text}"})

    def _header(self) -> dict[str, Any]:
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in (*_GROUPS, "history")}
        return {"format": FORMAT, **plain, "epochs": [vars(epoch) for epoch in self.history.epochs]}

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """Return the checkpoint that `to_bytes` wrote. Raises DamagedError where one bit is not as it was."""
        try:
            return cls._read(content)
        except UserError:
            raise
        except Exception as error:  # whatever a parser stumbles over
            raise DamagedError(f"This checkpoint is damaged: {error}.") from error

    @classmethod
    def _read(cls, content: bytes) -> Checkpoint:
        total, text = _metadata(BytesIO(content))
        arrays = load(content)
        if int(total) != _sum(text, arrays):
            raise DamagedError("This checkpoint is damaged: its checksum differs.")
        plain = json.loads(text)
        if plain.pop("format") != FORMAT:
            raise UserError("This checkpoint was written by another version of Netwright. Train anew.")
        history = History(
            **{name: arrays[f"history/{name}"] for name in _CURVES},
            epochs=tuple(Epoch(**epoch) for epoch in plain.pop("epochs")),
        )
        groups: dict[str, Any] = {group: _group(arrays, group) for group in _GROUPS}
        return cls(**plain, **groups, history=history)


@dataclass(frozen=True)
class Glance:
    """What can be told of a checkpoint without reading its arrays."""

    step: int
    epoch: int
    about: Mapping[str, Any]

    @property
    def unfinished(self) -> bool:
        """Whether the training neither came to its end nor was stopped by a person."""
        return bool(self.about.get("status", "running") == "running")


def glance(file: IO[bytes]) -> Glance:
    """Look at the checkpoint in an open file. Raises DamagedError where it has no header."""
    try:
        plain = json.loads(_metadata(file)[1])
        return Glance(plain["step"], plain["epoch"], plain["about"])
    except Exception as error:  # whatever a parser stumbles over
        raise DamagedError(f"This checkpoint is damaged: {error}.") from error


def _metadata(file: IO[bytes]) -> tuple[str, str]:
    """Return the checksum and the header."""
    size = int.from_bytes(file.read(8), "little")
    if size > LARGEST:
        raise DamagedError("This checkpoint is damaged: it has no header.")
    total, text = json.loads(file.read(size))["__metadata__"]["netwright"].split(" ", 1)
    return total, text


def _group(arrays: Mapping[str, Array], group: str) -> Arrays:
    start = f"{group}/"
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def _sum(text: str, arrays: Mapping[str, Array]) -> int:
    """Return a checksum over the header and all arrays with their names."""
    total = crc32(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total = crc32(f"{name} {array.dtype} {array.shape}".encode(), total)
        total = crc32(array.reshape(-1).view(np.uint8).data, total)
    return total
