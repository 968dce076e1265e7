"""``syncbench sync``: how far the sound of a video lies from its lips, and a copy that is mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncbench.cli.options import Json
from syncbench.cli.score import Face
from syncbench.errors import CommandError

if TYPE_CHECKING:
    from syncbench.metrics.offset import Offset

__all__ = ["sync"]


def sync(
    video: Annotated[Path, typer.Argument(help="A video of a talking face, of any size.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Write a copy with its sound moved into place.", show_default=False)
    ] = None,
    reach: Annotated[int, typer.Option(min=3, max=250, help="Largest shift tried, in frames of 40 ms.")] = 15,
    face: Face = "auto",
    as_json: Json = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Say how far sound and lips of a video lie apart, and how sure that is. Exit 1 where it cannot be told.

    syncbench sync talk.mp4

    syncbench sync talk.mp4 --reach 30 --out fixed.mp4
    """
    from syncbench.metrics.lse import default_evaluator
    from syncbench.metrics.offset import find_offset
    from syncbench.runs.score_files import open_clip

    if not video.exists():
        raise CommandError(f"{video}: no such file")
    with open_clip(video, face) as clip:
        found = find_offset(clip, default_evaluator(), reach)
    written = None
    if out is not None and found.sure:
        from syncbench import media

        written = media.shift_speech(video, out, found.seconds)
    if as_json:
        print(
            json.dumps(
                {
                    "video": str(video), "offset_frames": found.frames, "offset_seconds": found.seconds,
                    "certainty": found.certainty, "sure": found.sure, "beyond_reach": found.beyond,
                    "lse_c_masked": round(found.lse_c, 4),
                    "windows": found.windows, "reach": reach, "evaluator": found.evaluator, "face": clip.clip.face,
                    "written": None if written is None else str(written),
                },
                indent=1,
            )
        )  # fmt: skip
    else:
        print(_said(found))
        print(
            f"LSE-C {found.lse_c:.2f} by {found.evaluator} over {found.windows} windows, shifts of up to {reach} frames"
        )
        if written is not None:
            moved = f"moved by {1000 * found.seconds:+.0f} ms" if found.frames else "where it was"
            print(f"written: {written} (its sound {moved})")
    if not found.sure:
        more = " --out was not written." if out is not None else ""
        raise CommandError(f"{video}: the offset cannot be told.{more}", code=1)


def _said(found: Offset) -> str:
    percent = f"certainty {100 * found.certainty:.0f} %"
    if found.beyond is not None:
        return (
            f"no offset within {found.reach} frames either way: lips and sound lie nearer at some {found.beyond:+d} frames, "
            f"try --reach {2 * found.reach}"
        )
    if not found.sure:
        return (
            f"no meaningful offset: the distance of sound and lips has no clear minimum ({percent}); "
            f"the smallest lies at {found.frames:+d} frames"
        )
    if found.frames == 0:
        return f"in sync: offset 0 frames ({percent})"
    way = "early: it should come later" if found.frames > 0 else "late: it should come earlier"
    return f"offset {found.frames:+d} frames, {40 * abs(found.frames)} ms ({percent}): the sound is {way}"
