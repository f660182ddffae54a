"""JSON as project files hold it: sorted keys, and on reading nothing that two readers could understand differently."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

DEPTH = 64
INTEGER = 2**256  # the state of a random generator needs 128 bits; anything far beyond would only slow checks down


class JsonError(ValueError):
    """What is wrong with a JSON text, as the end of a sentence."""


def dump(value: Any, indent: int | None = 1) -> bytes:
    """Return JSON with sorted keys. NaN and infinity, which JSON does not have, become null.

    Names of files that are no valid text (lone surrogates) are escaped, so that they come back as they were.
    """

    def text() -> str:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent)

    try:
        return text().encode("utf-8", "backslashreplace")
    except ValueError:
        value = finite(value)
        return text().encode("utf-8", "backslashreplace")


def finite(value: Any) -> Any:
    """Return a JSON value with None in place of every NaN and infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


def load(data: bytes) -> Any:
    """Return the value of a JSON text. Raises JsonError where it is not strict JSON or nested too deeply."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except JsonError:
        raise
    except RecursionError:
        raise JsonError(f"is nested more than {DEPTH} deep") from None
    except ValueError as error:
        raise JsonError(f"is not valid JSON ({error})") from None
    check(value)
    return value


def check(value: Any) -> None:
    """Raise JsonError where a parsed value is nested too deeply or holds a number that is none."""
    level, depth = [value], 0
    while level:
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, dict | list):
                deeper += item.values() if isinstance(item, dict) else item
            elif not _is_small(item):
                raise JsonError("holds a number that is too large")
        level, depth = deeper, depth + 1
        if depth > DEPTH + 1:
            raise JsonError(f"is nested more than {DEPTH} deep")


def _is_small(item: Any) -> bool:
    if isinstance(item, float):
        return math.isfinite(item)  # 1e999 is valid JSON, and infinite
    return not isinstance(item, int) or abs(item) <= INTEGER


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"names {twice!r:.80} twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise JsonError(f"holds {name}, which is no number")
