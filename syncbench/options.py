"""Typed options: ``--option key=value`` read into a pydantic model, wrong ones told in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from syncbench.errors import CommandError, nearest

__all__ = ["Options", "read_options"]


class Options(BaseModel):
    """The options of a system or a recipe: a field each, with type, default and description.

    Keys are written with hyphens or underscores: ``lm-weight`` is the field ``lm_weight``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


OptionsT = TypeVar("OptionsT", bound=Options)


def read_options(kind: type[OptionsT], given: Mapping[str, str], owner: str) -> OptionsT:
    """Return the options of ``owner``. Raises CommandError for an unknown key or a value of the wrong type."""
    values: dict[str, Any] = {}
    for key, value in given.items():
        field = key.replace("-", "_")
        if field not in kind.model_fields:
            known = [name.replace("_", "-") for name in kind.model_fields]
            raise CommandError(f"unknown option '{key}' of {owner}: {nearest(key, known)}")
        values[field] = value
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]).replace("_", "-") or "options"
        said = first["msg"].removeprefix("Value error, ")
        raise CommandError(f"--option {key}={given.get(key, first['input'])} of {owner}: {said}") from error
