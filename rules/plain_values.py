"""Frozen values to plain JSON data and back: instants as ISO 8601, dates as YYYY-MM-DD, amounts as text."""

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


def to_plain(value: object) -> object:
    """Dicts, lists, text, numbers, booleans and None only; an enum becomes its value."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], data: object) -> T:
    """The value that `to_plain` was given. Missing keys take the field's default, unknown keys are ignored."""
    return _reader(kind)(data)


@functools.cache
def _reader(kind) -> Callable:
    """How a value of this type is read; worked out once, since the types are walked far slower than the values."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _reader(next(choice for choice in arguments if choice is not types.NoneType))
    if kind in (object, typing.Any):
        return lambda data: data
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _reader(arguments[0])
        return lambda data: None if data is None else tuple([item(one) for one in data])
    if origin is tuple:
        items = [_reader(argument) for argument in arguments]
        return lambda data: None if data is None else tuple([read(one) for read, one in zip(items, data, strict=True)])
    if origin in (dict, Mapping):
        entry = _reader(arguments[1])
        return lambda data: None if data is None else {key: entry(one) for key, one in data.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = [(field.name, _reader(hints[field.name])) for field in dataclasses.fields(kind)]
        return lambda data: (
            None if data is None else kind(**{name: read(data[name]) for name, read in fields if name in data})
        )
    if kind in (datetime, date):
        return lambda data: None if data is None else kind.fromisoformat(data)
    if isinstance(kind, type):
        return lambda data: None if data is None else kind(data)
    return lambda data: data
