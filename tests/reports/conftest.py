"""Runs to report on: written through the engine's own journal and summary, with planted measurements and real media."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import syncbench
from syncbench import media, registry
from syncbench.clip import Clip, Recording
from syncbench.corruptions.conditions import parse
from syncbench.files import write_arrays
from syncbench.measurement import Measurement, Ratios
from syncbench.metrics.memory_slots import MemorySlotsMeasurement
from syncbench.metrics.word_error import WordErrorMeasurement
from syncbench.phonetics.inventory import PHONES
from syncbench.runs import Manifest, Request, Run
from syncbench.runs.engine import finish
from syncbench.runs.journal import ANSWER, Entry, Journal
from syncbench.runs.manifest import hardware, package_versions
from syncbench.runs.store import clip_to_json, hashes_of, keep_measurement, record_key

MakeRun = Callable[..., Run]
FRAMES = 25
BASE = np.random.default_rng(0).normal(7.0, 1.0, 60)


def near(shift: float, seed: int, spread: float = 0.3, clips: int = 60) -> list[float]:
    """Return a value per clip: those of all systems alike (``BASE``), moved, with noise of a system's own."""
    return list(BASE[:clips] + shift + np.random.default_rng(seed).normal(0, spread, clips))


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A real and a generated video: one second, 64 x 64, a bright bar moving, with a tone."""
    folder = tmp_path_factory.mktemp("films")
    paths = []
    for name, colour in (("real", (200, 180, 160)), ("made", (120, 160, 220))):
        frames = np.full((FRAMES, 64, 64, 3), 40, np.uint8)
        for t in range(FRAMES):
            frames[t, 20:44, 2 * t : 2 * t + 10] = colour
        time = np.arange(FRAMES * 640) / 16000
        speech = (0.3 * np.sin(2 * np.pi * 220 * time) * np.sin(np.pi * time)).astype(np.float32)
        path = folder / f"{name}.mp4"
        media.write_video(path, frames, speech)
        paths.append(path)
    return paths[0], paths[1]


@pytest.fixture(scope="session")
def spoken(lrs2_grid: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """SyncTalkFace on two real clips, and one frame standing still: by class of phone, and what the memory holds."""
    folder = tmp_path_factory.mktemp("spoken")
    root = lrs2_grid
    families = ["phone_classes", "memory_slots"]
    system = syncbench.run("synctalkface", "lrs2", root=root, limit=2, metrics=families, out=folder / "run", workers=1)
    anchor = syncbench.run("frozen", "lrs2", root=root, limit=2, metrics=families[:1], out=folder / "frozen", workers=1)
    return [system, anchor]


def lse(value: float, measured: int = FRAMES) -> Ratios:
    distance = 14 - value
    scores = {
        "lse_c": value, "lse_d": distance, "lse_c_masked": value, "lse_d_masked": distance,
        "av_offset": 0, "av_offset_abs": 0, "in_sync": 100,
    }  # fmt: skip
    return Ratios({name: (score, 1) for name, score in scores.items()}, measured=measured, asked=FRAMES)


def quality(value: float, measured: int = FRAMES) -> Ratios:
    scores = {"psnr": 20 + value, "ssim": min(1.0, 0.5 + value / 20)}
    return Ratios({name: (FRAMES * s, FRAMES) for name, s in scores.items()}, measured=measured, asked=FRAMES)


def words(errors: int, count: int = 6) -> WordErrorMeasurement:
    return WordErrorMeasurement(
        hits=count - errors, substitutions=errors, character_errors=4 * errors, characters=5 * count, sentences=1,
        correct=int(errors == 0),
    )  # fmt: skip


def slots() -> MemorySlotsMeasurement:
    table = np.zeros((len(PHONES), 16))
    table[np.arange(12), np.arange(12)] = 2.0
    return MemorySlotsMeasurement(frames=FRAMES, addressed=table, tokens=table)


@pytest.fixture
def make_run(tmp_path: Path, films: tuple[Path, Path]) -> MakeRun:
    """Return a function that writes a run: ``make_run(model, values)`` plants one value per clip.

    ``failures`` are clips of no run's values; ``lost`` are some of those with a value, on which this run failed in the
    stage ``lost_in``. Both give a reason.
    """

    def make(
        model: str,
        values: Sequence[float],
        *,
        name: str = "",
        folder: Path | None = None,
        dataset: str = "lrs2",
        task: str = "talking-face",
        sync: str = "lse",
        clips: Sequence[str] = (),
        groups: Sequence[str] = (),
        transcript: str = "BIN BLUE AT L SIX NOW",
        heard: str = "BIN BLUE AT L SIX NOW",
        failures: Mapping[str, str] | None = None,
        lost: Mapping[str, str] | None = None,
        lost_in: str = ANSWER,
        measured: int = FRAMES,
        conditions: Sequence[tuple[str, Sequence[float]]] = (),
        unavailable: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
        traces: bool = False,
    ) -> Run:
        out = (folder or tmp_path / "runs") / (name or model.replace("/", "-").replace(":", "-"))
        ids = list(clips) or [f"s{i % 5}/clip{i:03d}" for i in range(len(values))]
        families: dict[str, Callable[[float], Measurement]] = (
            {"word_error": lambda v: words(round(v))}
            if task == "avsr"
            else {sync: lambda v: lse(v, measured), "image_quality": lambda v: quality(v, measured)}
        )
        if traces:
            families["memory_slots"] = lambda _: slots()
        parsed = [parse(condition) for condition, _ in conditions]
        audio = tuple(dict.fromkeys(["clean", *(condition.audio for condition in parsed)]))
        visual = tuple(dict.fromkeys(["clean", *(condition.visual for condition in parsed)]))
        made_with = {family: dict(registry.metric(family).settings) for family in families}
        manifest = Manifest(
            name=out.name,
            created="2026-01-01T00:00:00+00:00",
            command=("run", "--model", model),
            request=Request(model=model, dataset=dataset, audio=audio, visual=visual, options=dict(options or {})),
            task=task,
            anchor=registry.task(task).anchor(model) is not None,
            settings=dict(settings or {}),
            metrics=made_with,
            unavailable=dict(unavailable or {}),
            clips=(*ids, *(failures or {})),
            dataset_hash=hashlib.sha256(" ".join([dataset, *ids]).encode()).hexdigest(),
            python="3.11",
            packages=package_versions(),
            git=None,
            hardware=hardware(),
        )
        out.mkdir(parents=True)
        (out / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
        real, made = (Recording(path) for path in films)
        shown = None if task == "avsr" else real if manifest.anchor else made
        lost_here = {stage: dict(lost or {}) if stage == lost_in else {} for stage in (ANSWER, *families)}
        entries: list[Entry] = []
        for condition, planted in [("", values), *conditions]:
            for i, (clip_id, value) in enumerate(zip(ids, planted, strict=True)):
                if clip_id in lost_here[ANSWER]:
                    entries.append(Entry(clip_id, condition, ANSWER, "failed", lost_here[ANSWER][clip_id]))
                    continue
                group = groups[i] if groups else ""
                clip = Clip(clip_id, real, real, speaker=f"speaker {i}", group=group, transcript=transcript)
                extras = {"traces": write_arrays(out / "outputs" / f"{i}.npz", _traces())} if traces else {}
                kept = Clip(clip_id, shown, shown and real, transcript=heard, extras=extras)
                record = _record(clip, kept, out)
                entries.append(Entry(clip_id, condition, ANSWER, "done", data=record))
                for family, measure in families.items():
                    if clip_id in lost_here[family]:
                        entries.append(Entry(clip_id, condition, family, "failed", lost_here[family][clip_id]))
                        continue
                    curves = write_arrays(out / "curves" / family / f"{i}.npz", _curves(family, value))
                    data = {"settings": made_with[family], "answer": record_key(record)}
                    data |= keep_measurement(measure(value), out, family, f"{i}-{len(entries)}")
                    data["curves"] = curves.relative_to(out).as_posix()
                    entries.append(Entry(clip_id, condition, family, "done", data=data))
        for clip_id, reason in (failures or {}).items():
            entries.append(Entry(clip_id, "", ANSWER, "failed", reason))
        with Journal(out / "journal.jsonl") as journal:
            journal.append(*entries)
        return finish(out, manifest)

    return make


def _record(clip: Clip, kept: Clip, run: Path) -> dict[str, Any]:
    """Return what the journal says of an answer."""
    files = hashes_of((clip, kept), run)
    return {"reference": clip_to_json(clip, run), "output": clip_to_json(kept, run), "files": files, "source": ""}


def _curves(family: str, value: float) -> dict[str, np.ndarray]:
    if family.startswith("lse"):
        offsets = np.arange(15, -16, -1)
        return {
            "confidence": value + np.sin(np.arange(FRAMES - 5) / 3),
            "offset": offsets,
            "distance": 14 - value * np.exp(-(offsets**2) / 8),
        }
    return {f"{family}_per_frame": 20 + value + np.cos(np.arange(FRAMES) / 4)}


def _traces() -> dict[str, np.ndarray]:
    weights = np.exp(-((np.arange(16)[None] - np.arange(FRAMES)[:, None] / 2) ** 2) / 4)
    return {
        "addresses": (weights / weights.sum(1, keepdims=True)).astype(np.float32),
        "reliability_video": np.linspace(0, 1, FRAMES),
        "corruption/snr": np.asarray(5.0),
    }
