"""What the gate asks: ``gate.toml``."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from syncbench.errors import CommandError

__all__ = ["Limits", "Policy", "load_policy"]


class Limits(BaseModel):
    """What a score may lose.

    A loss counts only beyond both floors: ``absolute``, in the score's unit, and ``relative``, a share of what the
    baseline scored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    relative: float = Field(default=0.0, ge=0)
    absolute: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _one_floor(self) -> Self:
        if not (self.relative or self.absolute):
            raise ValueError("give relative or absolute above zero: no number of clips can rule out every loss")
        return self


class Policy(BaseModel):
    """What ``gate.toml`` says: the level, how few clips are too few, and limits by score or pattern.

    Such as::

        level = 0.05
        min_clips = 20
        unseen = 3

        [scores.lse_c]
        absolute = 0.1

        [scores."wer*"]
        relative = 0.02
        absolute = 0.5
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: float = Field(default=0.05, gt=0, lt=1)
    """Significance level of the whole gate; Holm's correction shares it among the scores."""
    min_clips: int = Field(default=20, ge=2)
    """Fewest independent clips (or groups of clips) a verdict may rest on."""
    unseen: float = Field(default=3.0, ge=1)
    """How many floors a loss may measure and still stay unseen behind a pass: a pass rules out any larger one."""
    allow_lost: int = Field(default=0, ge=0)
    """How many clips that the baseline measured the run may fail on: more of them fail a score, whatever it is."""
    scores: dict[str, Limits] = Field(min_length=1)
    """Score name or pattern (``*``, ``?``) -> limits. The first that fits counts; conditions go after ``@``:
    ``"wer@audio=babble*"``; a pattern without ``@`` is for every condition."""

    def limits(self, name: str, condition: str) -> Limits | None:
        """Return the limits of the first pattern that fits; None where none does."""
        for pattern, limits in self.scores.items():
            score, _, where = pattern.partition("@")
            if fnmatchcase(name, score) and (not where or fnmatchcase(condition, where)):
                return limits
        return None


def load_policy(path: Path) -> Policy:
    """Read ``gate.toml``. Raises CommandError with the line or key that is wrong."""
    try:
        return Policy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CommandError(f"{path}: {where}: {first['msg']}") from error
