"""Runs to report on: written through the engine's own journal and summary, with planted measurements and real media."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from syncbench import media, registry
from syncbench.contracts import Clip, Measurement
from syncbench.corruptions.spelling import parse
from syncbench.metrics._phones import INVENTORY
from syncbench.metrics.image_quality import ImageQualityMeasurement
from syncbench.metrics.lse import LseMeasurement
from syncbench.metrics.memory_slots import MemorySlotsMeasurement
from syncbench.metrics.word_error import WordErrorMeasurement
from syncbench.runs import Manifest, Request, Run
from syncbench.runs.engine import finish
from syncbench.runs.journal import ANSWER, Entry, Journal
from syncbench.runs.kept import clip_to_json, keep_arrays, keep_measurement
from syncbench.runs.manifest import hardware, package_versions

MakeRun = Callable[..., Run]
FRAMES = 25


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


def lse(value: float) -> LseMeasurement:
    return LseMeasurement(
        clips=1, lse_c=value, lse_d=14 - value, lse_c_masked=value, lse_d_masked=14 - value, in_sync=1
    )


def quality(value: float) -> ImageQualityMeasurement:
    return ImageQualityMeasurement(frames=FRAMES, psnr=FRAMES * (20 + value), ssim=FRAMES * min(1.0, 0.5 + value / 20))


def words(errors: int, count: int = 6) -> WordErrorMeasurement:
    return WordErrorMeasurement(
        hits=count - errors, substitutions=errors, character_errors=4 * errors, characters=5 * count, sentences=1,
        correct=int(errors == 0),
    )  # fmt: skip


def slots() -> MemorySlotsMeasurement:
    table = np.zeros((len(INVENTORY), 16))
    table[np.arange(12), np.arange(12)] = 2.0
    return MemorySlotsMeasurement(frames=FRAMES, addressed=table, tokens=table)


@pytest.fixture
def make_run(tmp_path: Path, films: tuple[Path, Path]) -> MakeRun:
    """Return a function that writes a run: ``make_run(model, values)`` plants one value per clip."""

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
        conditions: Sequence[tuple[str, Sequence[float]]] = (),
        unavailable: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
        traces: bool = False,
    ) -> Run:
        out = (folder or tmp_path / "runs") / (name or model.replace("/", "-").replace(":", "-"))
        ids = list(clips) or [f"s{i % 5}/clip{i:03d}" for i in range(len(values))]
        families: dict[str, Callable[[float], Measurement]] = (
            {"word_error": lambda v: words(round(v))} if task == "avsr" else {sync: lse, "image_quality": quality}
        )
        if traces:
            families["memory_slots"] = lambda _: slots()
        parsed = [parse(condition) for condition, _ in conditions]
        audio = tuple(dict.fromkeys(["clean", *(condition.audio for condition in parsed)]))
        visual = tuple(dict.fromkeys(["clean", *(condition.visual for condition in parsed)]))
        measured = {family: dict(registry.metric(family).settings) for family in families}
        manifest = Manifest(
            name=out.name,
            created="2026-01-01T00:00:00+00:00",
            command=("run", "--model", model),
            request=Request(model=model, dataset=dataset, audio=audio, visual=visual, options=dict(options or {})),
            task=task,
            settings=dict(settings or {}),
            metrics=measured,
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
        real, made = films
        entries: list[Entry] = []
        for condition, planted in [("", values), *conditions]:
            for i, (clip_id, value) in enumerate(zip(ids, planted, strict=True)):
                group = groups[i] if groups else ""
                clip = Clip(clip_id, real, speaker=f"speaker {i}", group=group, transcript=transcript)
                extras = {}
                if traces:
                    path = keep_arrays(out / "outputs" / f"{i}.npz", _traces())
                    extras = {"traces": path}
                shown = made if model not in ("reference", "shuffled") else real
                kept = Clip(clip_id, shown, transcript=heard, extras=extras)
                data = {"reference": clip_to_json(clip, out), "output": clip_to_json(kept, out)}
                entries.append(Entry(clip_id, condition, ANSWER, "done", data=data))
                for family, measure in families.items():
                    curves = keep_arrays(out / "curves" / family / f"{i}.npz", _curves(family, value))
                    numbers = keep_measurement(measure(value), out, family, f"{i}-{len(entries)}")
                    data = {"settings": measured[family], **numbers}
                    data["curves"] = curves.relative_to(out).as_posix()
                    entries.append(Entry(clip_id, condition, family, "done", data=data))
        for clip_id, reason in (failures or {}).items():
            entries.append(Entry(clip_id, "", ANSWER, "failed", reason))
        with Journal(out / "journal.jsonl") as journal:
            journal.append(*entries)
        return finish(out, manifest)

    return make


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
