"""Frozen values to plain JSON data and back: instants as ISO 8601, dates as YYYY-MM-DD, amounts as text."""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping, Sequence
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
    return _build(kind, data)


@functools.cache
def _field_types(kind: type) -> dict[str, object]:
    return typing.get_type_hints(kind)


def _build(kind, data):
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if data is None:
            return None
        return _build(next(choice for choice in typing.get_args(kind) if choice is not types.NoneType), data)
    if data is None or kind in (object, typing.Any):
        return data
    if origin is tuple:
        arguments = typing.get_args(kind)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_build(arguments[0], item) for item in data)
        return tuple(_build(argument, item) for argument, item in zip(arguments, data, strict=True))
    if origin in (dict, Mapping):
        return {key: _build(typing.get_args(kind)[1], item) for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        hints = _field_types(kind)
        return kind(**{name: _build(hints[name], data[name]) for name in hints if name in data})
    if kind is datetime:
        return datetime.fromisoformat(data)
    if kind is date:
        return date.fromisoformat(data)
    return kind(data) if isinstance(kind, type) else data
