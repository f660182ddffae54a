"""The zip that a project file is: equal members give equal bytes, and each is checked when it is read."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

import msgspec

from engine.arrays import Array
from engine.files import cause
from engine.problems import UserError
from engine.project.limits import FileError, NewerError, check_directory, check_size, check_values, refusal
from engine.project.strict_json import JsonError, dump, load

MIMETYPE = b"application/x-netwright"
FORMAT = 1  # what this program writes, and the newest that it reads for certain
OLDEST_READER = 1  # the oldest program that may open what this one writes
COPY = "a copy from before may lie beside it, with .bak added to its name"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, KeyError)


class Member(msgspec.Struct):
    """What the manifest says of one member; `arrays` maps names to dtype and shape."""

    sha256: str
    bytes: int
    arrays: dict[str, tuple[str, tuple[int, ...]]] = {}


class Manifest(msgspec.Struct):
    """What `manifest.json` says: the versions, and every other member but `mimetype`."""

    format: int
    oldest_reader: int
    members: dict[str, Member]


def describe_arrays(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Return dtype and shape of each array, as the manifest has them."""
    return {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()}


def pack(members: Mapping[str, bytes], arrays: Mapping[str, Mapping[str, Array]]) -> bytes:
    """Return the bytes of a project file. `arrays` are those in the members that hold arrays, by the member's name.

    Raises UserError where a member is larger than `read` would accept.
    """
    _check_readable(members)
    manifest = {
        "format": FORMAT,
        "oldest_reader": OLDEST_READER,
        "members": {name: _entry(data, arrays.get(name, {})) for name, data in members.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {"mimetype": MIMETYPE, "manifest.json": dump(manifest), **members}.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16  # alike on every system
            archive.writestr(info, data)
    return buffer.getvalue()


def _check_readable(members: Mapping[str, bytes]) -> None:
    try:
        for name, data in members.items():
            check_size(name, len(data))
            if name.endswith(".json"):
                check_values(name, data)
    except FileError as error:
        text = str(error).replace("cannot be opened: ", "")
        raise UserError(f"The project is too large to be saved: {text}. Shorten its notes, or divide it.") from error


def _entry(data: bytes, arrays: Mapping[str, Array]) -> dict[str, Any]:
    entry: dict[str, Any] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    return entry | ({"arrays": describe_arrays(arrays)} if arrays else {})


def read(path: str | os.PathLike[str]) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and the members of a project file, each checked against its SHA-256.

    Raises UserError with one sentence that names the file where it cannot be read, is no project, is damaged, or is newer.
    """
    try:
        with open_regular(path) as file:
            return _unpack(file, os.fstat(file.fileno()).st_size)
    except FileError as error:
        raise refusal(path, error) from error
    except OSError as error:
        raise UserError(f"{path} could not be opened, because {_reading(error)}.") from error
    except MemoryError as error:
        raise UserError(f"{path} could not be opened, because it needs more memory than this machine has.") from error


def _reading(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    if isinstance(error, PermissionError):
        return "you have no permission to read it"
    return cause(error)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file to read bytes; raise FileError where it is a folder, a pipe or a device, without waiting for one."""
    if os.path.isdir(path):
        raise FileError("is a folder, not a project file")
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    number = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise FileError("is a pipe or a device, not a project file")
    return os.fdopen(number, "rb")


def _unpack(file: BinaryIO, size: int) -> tuple[Manifest, dict[str, bytes]]:
    if size == 0:
        raise FileError(f"is empty; {COPY}")
    if file.read(4) != b"PK\3\4":
        raise FileError("is not a Netwright project; it may be damaged, or of another program")
    try:
        with zipfile.ZipFile(file) as archive:
            check_directory(archive.infolist(), size)
            if _member(archive, "mimetype") != MIMETYPE:
                raise FileError("is a zip file, but not a Netwright project")
            manifest = _manifest(_member(archive, "manifest.json"))
            return manifest, _checked(archive, manifest)
    except _BROKEN as error:
        text = str(error).rstrip(".")[:100] or type(error).__name__
        raise FileError(f"is damaged or cut off ({text}); {COPY}") from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    with archive.open(info) as member:
        return member.read(info.file_size)


def _manifest(data: bytes) -> Manifest:
    raw = parse("manifest.json", data)
    versions = [raw.get(name) for name in ("format", "oldest_reader")] if isinstance(raw, dict) else [None]
    if not all(isinstance(number, int) and number >= 1 for number in versions):
        raise FileError("is damaged: its manifest names no version")
    if raw["oldest_reader"] > FORMAT:
        raise NewerError(
            f"was saved by a newer Netwright (format {raw['format']}; this one reads format {FORMAT}); update to open it"
        )
    try:
        return msgspec.convert(raw, Manifest)
    except (msgspec.ValidationError, UnicodeError) as error:
        raise FileError(f"is damaged: its manifest cannot be read ({error})") from error


def parse(name: str, data: bytes) -> Any:
    """Return the value of a JSON member; raise FileError that names the member."""
    check_values(name, data)
    try:
        return load(data)
    except JsonError as error:
        raise FileError(f"is damaged: its member {name} {error}") from error


def _checked(archive: zipfile.ZipFile, manifest: Manifest) -> dict[str, bytes]:
    """Return all members that the manifest lists; there must be exactly those, unchanged."""
    listed, there = set(manifest.members), set(archive.namelist()) - {"mimetype", "manifest.json"}
    if listed != there:
        name = min(listed ^ there)
        raise FileError(f"is damaged: its member {name:.80} is {'missing' if name in listed else 'not listed'}")
    members = {}
    for name, entry in manifest.members.items():
        members[name] = _member(archive, name)
        if len(members[name]) != entry.bytes or hashlib.sha256(members[name]).hexdigest() != entry.sha256:
            raise FileError(f"is damaged: its member {name} was changed; {COPY}")
    return members
