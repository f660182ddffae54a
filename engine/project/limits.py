"""What a zip file must keep to before any memory is taken for its members."""

from __future__ import annotations

import re
import stat
import zipfile

from engine.problems import UserError

MEMBERS = 10_000
RATIO = 100
JSON_BYTES = 32 << 20
JSON_VALUES = 2_000_000  # a list in a list takes 25 times as much memory as text
PREVIEW_BYTES = 8 << 20
TOTAL_BYTES = 16 << 30
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*(\.[a-z0-9]+)?")


class FileError(Exception):
    """What is wrong with a file, as the end of a sentence."""


class NewerError(FileError):
    """The file is of a newer program; nothing else is wrong with it."""


class DamagedFileError(UserError):
    """A file that will never open again, unless it is another program's."""


def check_directory(found: list[zipfile.ZipInfo], size: int) -> None:
    """Raise FileError where the list of members is not one that this program could have written."""
    names = [info.filename for info in found]
    if not found or names[0] != "mimetype" or found[0].header_offset:
        raise FileError("is not a Netwright project, though it is a zip file")
    if len(found) > MEMBERS:
        raise FileError(f"holds {len(found)} members; a project has at most {MEMBERS}")
    if len(set(names)) < len(names):
        raise FileError("is damaged: two of its members have the same name")
    if sum(info.compress_size for info in found) > size or sum(info.file_size for info in found) > TOTAL_BYTES:
        raise FileError("is damaged: its members claim to be larger than the file")
    for info in found:
        _check_member(info)


def _check_member(info: zipfile.ZipInfo) -> None:
    name = info.filename
    if len(name) > 200 or not _NAME.fullmatch(name) or "\0" in info.orig_filename:
        raise FileError(f"holds a member with a name that no project has: {name!r:.80}")
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise FileError(f"is damaged: its member {name} is a link or a device")
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"is damaged: its member {name} is encrypted, or packed in a way that projects do not use")
    if info.file_size > RATIO * info.compress_size or (
        info.compress_type == 0 and info.file_size != info.compress_size
    ):
        raise FileError(f"is damaged: its member {name} claims to unpack to {info.file_size} bytes")
    check_size(name, info.file_size)


def check_size(name: str, size: int) -> None:
    """Raise FileError where a member that is no array is larger than a project may have."""
    limit = PREVIEW_BYTES if name.endswith(".png") else JSON_BYTES
    if size > limit and not name.endswith(".safetensors"):
        raise FileError(f"cannot be opened: its member {name} is larger than {limit >> 20} MB")


def check_values(name: str, data: bytes) -> None:
    """Raise FileError where a JSON text holds more values than a project may have; commas in texts count too."""
    if data.count(b",") + data.count(b"[") + data.count(b"{") > JSON_VALUES:
        raise FileError(f"cannot be opened: its member {name} holds more than {JSON_VALUES} values")


def refusal(path: object, error: FileError) -> UserError:
    """Return the whole sentence for a file that cannot be opened."""
    kind = UserError if isinstance(error, NewerError) else DamagedFileError
    return kind(f"{path} {error}.")
