"""Frozen records of arrays and numbers that survive a trip through JSON."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, Self, Union

import numpy as np


class Record:
    """Base of the result dataclasses: `to_dict` and `from_dict`, undefined numbers as null."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings; NaN and infinities become None."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(typing.cast(Any, self))
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that `to_dict` described; keys that are missing keep their default."""
        hints = typing.get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(typing.cast(Any, cls))]
        return cls(**{name: _typed(hints[name], data[name]) for name in names if name in data})


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _typed(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return None if value is None else _typed(arguments[0], value)
    if origin is np.ndarray:
        return _array(hint, value)
    if origin is tuple:
        inner = arguments if Ellipsis not in arguments else (arguments[0],) * len(value)
        return tuple(_typed(kind, item) for kind, item in zip(inner, value, strict=True))
    if origin is dict:
        return {key: _typed(arguments[1], item) for key, item in value.items()}
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.from_dict(value)
    if hint is float:
        return math.nan if value is None else float(value)
    return value


def _array(hint: Any, value: Any) -> Any:
    (kind,) = typing.get_args(typing.get_args(hint)[1])
    if issubclass(kind, np.floating):
        # A null inside becomes NaN; `object` first, because numpy refuses None as a float.
        return np.array(value, dtype=object).astype(np.float64)
    return np.array(value, dtype=kind)
