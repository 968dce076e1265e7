"""``syncbench run``: answer, measure, keep, print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json, Limit, Root, Seed, Split, config_option, names, pairs_of
from syncbench.errors import CommandError

__all__ = ["run"]


def run(
    model: Annotated[str, typer.Option(help="System under test: a name of `syncbench list models`, or folder:DIR.")],
    dataset: Annotated[str, typer.Option(help="A name of `syncbench list datasets`.")],
    root: Root = None,
    split: Split = "test",
    out: Annotated[
        Path | None, typer.Option(help="The run's folder [runs/<model>-<dataset>-<split>].", show_default=False)
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(help="Families or scores, comma-separated; default all that apply.", show_default=False),
    ] = None,
    pairing: Annotated[str, typer.Option(help="self, cross (another clip's speech), or a file of pairs.")] = "self",
    limit: Limit = None,
    seed: Seed = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes [one per core].", show_default=False)] = None,
    executor: Annotated[str, typer.Option(help="local.")] = "local",
    shard: Annotated[str, typer.Option(help="i/n: take part i of n.")] = "1/1",
    device: Annotated[str, typer.Option(help="torch device of the networks.")] = "cpu",
    audio: Annotated[str, typer.Option(help="Audio corruptions, comma-separated: clean,babble@0,...")] = "clean",
    visual: Annotated[str, typer.Option(help="Visual corruptions, comma-separated: clean,occlusion,...")] = "clean",
    option: Annotated[
        list[str] | None, typer.Option(help="key=value for the model; may be repeated.", show_default=False)
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(help="KEY=V1,V2,...: a run for each value of one of the model's options.", show_default=False),
    ] = None,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside/--alone",
            "--anchors/--no-anchors",
            help="Run what the model is shown beside: anchors, and the systems it is held against.",
        ),
    ] = True,
    face: Annotated[
        str | None,
        typer.Option(
            help="Which face of a picture with several: auto, largest, active (whose lips follow the speech), N, "
            "x,y,w,h; frame: the picture is a face crop [as the dataset says].",
            show_default=False,
        ),
    ] = None,
    min_coverage: Annotated[
        float, typer.Option(min=0, max=1, help="A clip of which a smaller share of the frames was measured fails.")
    ] = 0.9,
    fail_on: Annotated[
        str,
        typer.Option(help="Exit 1 when so many clips failed: true (any), a share such as 0.1 (1.0: all), or a count."),
    ] = "0.1",
    cache: Annotated[bool, typer.Option(help="Keep features on disk.")] = True,
    config: Annotated[
        Path | None,
        typer.Option(callback=config_option, is_eager=True, help="TOML file of these options.", show_default=False),
    ] = None,
    as_json: Json = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Run a system over a dataset and measure it. The same command again resumes.

    syncbench run --model cals --dataset synthetic --limit 8

    syncbench run --model folder:my_videos --dataset lrs2 --root LRS2 --split test

    syncbench run --model av-relscore --dataset lrs2 --root LRS2 --audio clean,babble@0 --visual clean,occlusion

    syncbench run --model cals --dataset synthetic --sweep context=0,4,13
    """
    from syncbench.faces.choice import check_face
    from syncbench.progress import progress
    from syncbench.runs import Request, Run, check, companions, default_out, parse_sweep, swept
    from syncbench.runs import run as run_request

    if executor != "local":
        raise CommandError(
            f"--executor {executor} is not known: there is local; use --shard i/n to spread a run over machines"
        )
    request = Request(
        model=_absolute(model),
        dataset=dataset,
        root=str(root.resolve()) if root else None,
        split=split,
        metrics=names(metrics),
        pairing=pairing if pairing in {"self", "cross"} else str(Path(pairing).resolve()),
        limit=limit,
        seed=seed,
        audio=names(audio),
        visual=names(visual),
        device=device,
        options=pairs_of(option, "option"),
        face=check_face(face) if face else None,
        shard=_shard(shard),
        min_coverage=min_coverage,
    )
    too_many = _failure_policy(fail_on)
    key, values = parse_sweep(sweep) if sweep is not None else ("", ())
    folder = out or default_out(request, key)
    requests = swept(request, key, values, folder) if key else {folder: request}
    for asked in requests.values() if key else ():
        check(asked)  # a value that the model refuses is told before the others have run for an hour

    def go(asked: Request, place: Path) -> Run:
        with progress(f"{asked.model} on {dataset}/{split}" if place == folder else str(place)) as update:
            return run_request(asked, place, workers=workers, progress=update, cache=cache, command=sys.argv[1:])

    done = [go(asked, place) for place, asked in requests.items()]
    for run in done if beside else ():
        for name, asked in companions(run).items():
            go(asked, (run.path if key in asked.options else folder) / name)
    if as_json:
        summaries = {run.name: run.summary.model_dump(mode="json") for run in done}
        print(json.dumps(summaries if key else done[0].summary.model_dump(mode="json"), indent=1))
    else:
        from syncbench.reports.report import gather
        from syncbench.reports.section import tables_of
        from syncbench.reports.writers.terminal import print_tables

        print_tables(tables_of(gather([run.path for run in done]) if beside else done))
        print(f"run: {folder}   report: syncbench report {folder} --out {folder / 'report'}")
    for run in done:
        failed = len({failure.clip for failure in run.summary.failures})
        if failed and too_many(failed, len(run.manifest.clips)):
            first = run.summary.failures[0]
            of = f"{run.name}: " if key else ""
            raise CommandError(
                f"{of}{failed} of {len(run.manifest.clips)} clips failed, first {first.clip}: {first.reason}", code=1
            )


def _absolute(model: str) -> str:
    """Make the path in ``folder:DIR`` or ``hypotheses:FILE`` absolute, so that a run can be resumed from anywhere."""
    name, colon, argument = model.partition(":")
    return f"{name}:{Path(argument).resolve()}" if colon and Path(argument).exists() else model


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    try:
        found = int(part), int(parts)
    except ValueError:
        found = 0, 0
    if not 1 <= found[0] <= found[1]:
        raise CommandError(f"--shard takes i/n with 1 <= i <= n, not '{text}'")
    return found


def _failure_policy(text: str) -> Callable[[int, int], bool]:
    """Return whether so many failed clips of so many are too many: ``true`` any, a fraction (1.0: all), or a count."""
    if text.lower() == "true":
        return lambda failed, clips: failed > 0
    try:
        bound = float(text)
    except ValueError:
        raise CommandError(f"--fail-on takes true, a fraction or a count, not '{text}'") from None
    if "." in text or bound < 1:
        return lambda failed, clips: failed >= bound * clips
    return lambda failed, clips: failed >= bound
