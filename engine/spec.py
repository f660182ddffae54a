"""Declared things: frozen dataclasses whose fields know their meaning, range and unit.

A layer, an optimizer, a loss, a data source and a dialog's settings are all a `Spec`. Whoever can show, check, save or
document one `Spec` can do it for every one.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from dataclasses import FrozenInstanceError, dataclass, field, fields
from functools import cache, cached_property
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, ClassVar, Self, dataclass_transform

from engine.problems import UserError


class SpecError(UserError):
    """A value that a `Spec` does not take, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Param:
    """What a form, a checker and a manual need to know about one field of a `Spec`.

    `min` and `max` hold for a number and for each number of a tuple. `zero` is a word for 0, where that stands for
    something else than a number. `choices` lists the only values that a text may have. `advanced` marks what most people
    never touch. `hidden` marks what the program itself fills in. `first` puts it before what a base class declares. `box`
    marks a text that is the name of a box of the same kind, or empty.
    """

    doc: str
    min: float | None = None
    max: float | None = None
    unit: str = ""
    zero: str = ""
    choices: tuple[str, ...] = ()
    advanced: bool = False
    hidden: bool = False
    first: bool = False
    box: bool = False

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with a value of the right type, as the end of a sentence, or None."""
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}, not {value!r}"
        numbers = value if isinstance(value, tuple) else (value,)
        return next(filter(None, (self._outside(number) for number in numbers)), None)

    def word(self, value: Any) -> str:
        """Return the word that stands for a value, "" where there is none."""
        return self.zero if value == 0 and not isinstance(value, bool) else ""

    def _outside(self, number: Any) -> str | None:
        if isinstance(number, bool) or not isinstance(number, int | float):
            return None
        if isinstance(number, float) and not math.isfinite(number):
            return f"must be a finite number, not {number}"
        if self.min is not None and number < self.min:
            return f"must be at least {exact(self.min)}{self.unit}, not {exact(number)}"
        if self.max is not None and number > self.max:
            return f"must be at most {exact(self.max)}{self.unit}, not {exact(number)}"
        return None


def exact(number: float) -> str:
    """Return a number without loss and without a needless point: `65536`, `0.1`, `1e-09`."""
    return str(int(number)) if abs(number) < 1e15 and number == int(number) else f"{number!r:.40}"


def param(doc: str, *, default: Any, **rules: Any) -> Any:
    """Declare one field of a `Spec`; `rules` are the other fields of `Param`."""
    return field(default=default, metadata={"param": Param(doc=doc, **rules)})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(param,))
class Spec:
    """Base of every declared thing; each subclass becomes a frozen dataclass and enters its family's registry.

    A family is a direct subclass made with `family=True` (`Layer`, `Loss`, `Optimizer`, ...): it starts a registry of
    its own. A class made with `abstract=True` enters none.

    All share the methods below. Those that `dataclass` would write for each class must be compiled for each, which took
    most of the time in which two hundred classes are loaded.
    """

    registry: ClassVar[dict[str, Any]] = {}
    category: ClassVar[str] = ""
    _defaults: ClassVar[dict[str, Any]] = {}
    _identity: ClassVar[Any] = attrgetter("__class__")  # reads all by which two are told apart

    def __init_subclass__(cls, family: bool = False, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = [base for base in cls.__bases__ if dataclasses.is_dataclass(base)]
        if vars(cls).get("__annotations__") or len(declared) != 1:  # else it is one already, and each takes its time
            dataclass(init=False, repr=False, eq=False, kw_only=True)(cls)
            cls._defaults = {f.name: f.default for f in fields(cls)}  # type: ignore[arg-type]
            cls._identity = attrgetter("__class__", *cls._defaults)
        if family:
            cls.registry = {}
        elif not abstract:
            known = cls.registry.setdefault(cls.__name__, cls)
            if known.__module__ != cls.__module__:
                raise TypeError(f"{known.__module__} and {cls.__module__} both declare {cls.__name__}")
            cls.registry[cls.__name__] = cls

    def __init__(self, **values: Any) -> None:
        known = self._defaults
        if not values.keys() <= known.keys():
            name = next(name for name in values if name not in known)
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument {name!r}")
        self.__dict__.update(known)
        self.__dict__.update(values)

    def __eq__(self, other: object) -> bool:
        return self._identity(self) == self._identity(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity(self))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._defaults)
        return f"{type(self).__qualname__}({values})"

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    @classmethod
    @cache
    def params(cls) -> dict[str, Param]:
        """Return the declared fields by name, in the order in which they were declared; those marked `first` lead."""
        found = {f.name: f.metadata["param"] for f in fields(cls) if "param" in f.metadata}  # type: ignore[arg-type]
        return dict(sorted(found.items(), key=lambda item: not item[1].first))

    @classmethod
    @cache
    def types(cls) -> dict[str, Any]:
        """Return the annotated type of every declared field."""
        hints = typing.get_type_hints(cls)
        return {name: hints[name] for name in cls.params()}

    @classmethod
    def title(cls) -> str:
        """Return the first sentence of the docstring, for palettes and lists."""
        text = " ".join((cls.__doc__ or "").split())
        return re.split(r"(?<=\.)\s", text)[0]

    def problems(self) -> dict[str, str]:
        """Return a sentence for every field whose value is not allowed."""
        return dict(self._problems)

    @cached_property
    def _problems(self) -> dict[str, str]:
        # Kept with the instance, not by value: equal values of different types (1, True, 1.0) have different problems.
        found = {}
        for name, rule in self.params().items():
            value = getattr(self, name)
            text = _type_problem(self.types()[name], value) or rule.problem(value)
            if text:
                found[name] = f"{name.replace('_', ' ').capitalize()} {text}."
            elif isinstance(value, Spec):
                found |= {f"{name}.{inner}": text for inner, text in value.problems().items()}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values: the class name under `type`, then every declared field."""
        return {"type": type(self).__name__} | {name: _plain(getattr(self, name)) for name in self.params()}

    @classmethod
    def from_dict(cls, raw: Any) -> Self:
        """Build the member of this family that `raw` describes.

        Raises SpecError where `raw` is no such description: unknown type, unknown field, value of a wrong type. Values
        of the right type that lie outside their range are kept: `problems()` reports them.
        """
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            raise SpecError(f"A {cls.__name__} must be described by an object with a type, not by {raw!r:.80}.")
        alone = {} if "registry" in vars(cls) else {cls.__name__: cls}  # not a family, but a thing by itself
        kind = (alone | cls.registry).get(raw["type"])
        if kind is None:
            raise SpecError(f"There is no {cls.__name__} named {raw['type']!r:.80}.")
        return kind(**{name: kind._read(name, value) for name, value in raw.items() if name != "type"})

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        if name not in cls.params():
            raise SpecError(f"{cls.__name__} has no parameter {name!r:.80}.")
        wanted = cls.types()[name]
        value = _rebuild(wanted, value)
        text = _type_problem(wanted, value)
        if text:
            raise SpecError(f"{cls.__name__}: {name.replace('_', ' ')} {text}.")
        return value

    def with_(self, **changes: Any) -> Self:
        """Return a copy with other values."""
        return typing.cast(Self, dataclasses.replace(typing.cast(Any, self), **changes))


def is_group(wanted: Any) -> bool:
    """Tell whether a type of value is one certain Spec, whose parameters belong together, and not a choice of several."""
    return isinstance(wanted, type) and issubclass(wanted, Spec) and wanted.registry is Spec.registry


_WORDS = {bool: "yes or no", int: "a whole number", float: "a number", str: "a text", NoneType: "nothing"}


def _type_problem(wanted: Any, value: Any) -> str | None:
    """Return what is wrong with the type of `value`, as the end of a sentence."""
    return None if _fits(wanted, value) else f"must be {_word(wanted)}, not {value!r:.80}"


def _word(wanted: Any) -> str:
    parts = typing.get_args(wanted)
    if isinstance(wanted, UnionType):
        return " or ".join(map(_word, parts))
    if typing.get_origin(wanted) is tuple:
        if parts[1:] != (Ellipsis,):
            return f"a list of {len(parts)}: {', '.join(map(_word, parts))}"
        return f"a list, each entry {_word(parts[0])}"
    return _WORDS.get(wanted) or f"a {wanted.__name__}"


def _fits(wanted: Any, value: Any) -> bool:
    parts = typing.get_args(wanted)
    if isinstance(wanted, UnionType):
        return any(_fits(part, value) for part in parts)
    if typing.get_origin(wanted) is tuple:
        return isinstance(value, tuple) and _fits_items(parts, value)
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted)


def _fits_items(parts: tuple[Any, ...], value: tuple[Any, ...]) -> bool:
    if len(parts) == 2 and parts[1] is Ellipsis:
        return all(_fits(parts[0], item) for item in value)
    return len(parts) == len(value) and all(map(_fits, parts, value))


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.to_dict()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _rebuild(wanted: Any, value: Any) -> Any:
    """Turn JSON values back: lists into tuples, objects into the Spec family that the annotation names."""
    if isinstance(wanted, UnionType) and isinstance(value, dict):
        wanted = next((p for p in typing.get_args(wanted) if isinstance(p, type) and issubclass(p, Spec)), wanted)
    if isinstance(value, dict) and isinstance(wanted, type) and issubclass(wanted, Spec):
        return wanted.from_dict(value)
    if isinstance(value, list):
        return tuple(map(_rebuild, _inner(wanted, len(value)), value))
    return value


def _inner(wanted: Any, count: int) -> tuple[Any, ...]:
    """Return the type wanted at each of the `count` places of a list."""
    if isinstance(wanted, UnionType):
        wanted = next((part for part in typing.get_args(wanted) if typing.get_origin(part) is tuple), None)
    parts = typing.get_args(wanted) if typing.get_origin(wanted) is tuple else ()
    if parts[1:] == (Ellipsis,):
        return parts[:1] * count
    return parts if len(parts) == count else (object,) * count
