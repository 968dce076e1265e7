"""Making a crowd on disk, and reading it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from syncbench import registry
from syncbench.clip import SAMPLES_PER_FRAME, Clip
from syncbench.dataset import Unusable
from syncbench.datasets.crowd.mouth import draw_manner
from syncbench.datasets.crowd.picture import draw_picture, draw_scene
from syncbench.datasets.crowd.stills import Still, people_of, read_picture, read_stills
from syncbench.datasets.lrs2 import Lrs2
from syncbench.datasets.lrs2_layout import clips_of_splits, open_folder, write_clip, write_lists
from syncbench.datasets.synthetic.motion import motion
from syncbench.errors import CommandError
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import PRECOMPUTED, fill_missing
from syncbench.features.speech import SPEECH
from syncbench.files import file_hash
from syncbench.progress import progress
from syncbench.workers import WorkerDied, run_tasks

__all__ = ["CROWD", "VERSION", "make"]

VERSION = "v1"
"""Of what the seeds give: raised whenever equal files and seeds would no longer give equal clips."""
_SPLITS = ("train", "val", "test")


class Crowd(Lrs2):
    """Reads a crowd that ``syncbench data make crowd`` wrote: LRS2's layout, the truth beside each clip.

    The people are real: see the licence of the stills before a picture of one is shown to anybody.
    """

    name = "crowd"
    title = "Crowd: stills of many people made to speak"
    licence = "that of the stills and of the drivers"
    url = ""
    splits = _SPLITS

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips of a split. Raises CommandError where no crowd is there."""
        if root is None or not (root / "crowd.json").is_file():
            raise CommandError(
                f"{root or '.'}: no crowd there; make one with `syncbench data make crowd`, then give --root"
            )
        listed = super().clips(root, split, limit, seed)
        return [clip if isinstance(clip, Unusable) else _with_truth(clip) for clip in listed]


CROWD = Crowd()


def _with_truth(clip: Clip) -> Clip:
    assert clip.video is not None
    truth = clip.video.path.with_suffix(".npz")
    return dataclasses.replace(clip, speaker=clip.group, private=True, extras={**clip.extras, "truth": truth})


@dataclass(frozen=True)
class _Role:
    """One clip to be made: its id, who speaks, as whom, and the stream of its random numbers."""

    id: str
    still: Still
    driver: Clip
    stream: tuple[int, ...]


def make(
    out: Path,
    clips: int,
    seed: int = 0,
    *,
    stills: Path,
    drivers: Sequence[str],
    split: str | None = None,
    workers: int = 1,
) -> Path:
    """Write a crowd in LRS2's layout, the truth beside each clip, and return ``out``.

    The people of train, val and test are different ones, and so are the drivers' clips, by their own splits. Clip i of a
    split depends on the files, the seed and i alone. Clips already there are kept.

    Args:
        out: folder; made where absent.
        clips: how many, in the split, or shared 80 / 8 / 12 % among train, val and test where ``split`` is None.
        stills: folder of pictures with landmarks (:mod:`syncbench.datasets.crowd.stills`).
        drivers: datasets whose clips have landmarks, written ``name:root`` or ``name``; as many clips of each.
        workers: processes that draw.

    Raises CommandError where files are missing or ``out`` holds clips of another recipe.
    """
    if not drivers:
        raise CommandError("a crowd needs at least one driver: clips with landmarks, such as --driver synthetic")
    people = read_stills(stills)
    counts = clips_of_splits(clips, split)
    recipe = {
        "dataset": "crowd",
        "version": VERSION,
        "seed": seed,
        "stills": file_hash(stills / "landmarks.npz"),
        "drivers": [driver.partition(":")[0] for driver in drivers],
    }
    main = open_folder(out, recipe)
    roles = {name: _roles(people, drivers, name, seed, count) for name, count in counts.items() if count}
    missing = [r for group in roles.values() for r in group if not (main / f"{r.id}.mp4").is_file()]
    with progress(f"drawing {len(missing)} clips") as tell:
        for done, (role, result) in enumerate(run_tasks(_draw, main, missing, workers), 1):
            if isinstance(result, WorkerDied):
                raise CommandError(f"{role.id}: {result}")
            tell(done, len(missing))
    write_lists(out, {name: [r.id for r in group] for name, group in roles.items()})
    return out


def _roles(people: Sequence[Still], drivers: Sequence[str], split: str, seed: int, count: int) -> list[_Role]:
    cast = people_of(people, split)
    if not cast:
        raise CommandError(f"{len(people)} stills are too few: none is left for {split}")
    sources = [_usable(driver, split) for driver in drivers]
    order = np.random.default_rng([seed, _SPLITS.index(split), 99]).permutation(len(cast))
    roles = []
    for index in range(count):
        stream = (seed, _SPLITS.index(split), index)
        rng = np.random.default_rng([*stream, 1])
        still, source = cast[int(order[index % len(cast)])], sources[index % len(sources)]
        roles.append(_Role(f"{still.name}/{index:05d}", still, source[int(rng.integers(len(source)))], stream))
    return roles


def _usable(driver: str, split: str) -> list[Clip]:
    """Return a driver's clips of a split that have landmarks. Raises CommandError where there are none."""
    name, _, root = driver.partition(":")
    listed = registry.dataset(name).clips(Path(root).resolve() if root else None, split)
    clips = [clip for clip in listed if isinstance(clip, Clip) and clip.has("landmarks") and clip.video]
    if not clips:
        raise CommandError(f"driver '{driver}' has no clips with landmarks in its split '{split}'")
    return clips


def _draw(main: Path, role: _Role) -> None:
    """Draw and write one clip."""
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng([*role.stream, 2])
    features = Features(role.driver)
    frames, speech = features[FRAMES], features[SPEECH]
    points = fill_missing(features[PRECOMPUTED.feature][: len(frames)]).astype(np.float32)
    frames = frames[: len(points)]
    speech = speech[: len(frames) * SAMPLES_PER_FRAME]
    energy = np.sqrt(np.mean(speech.reshape(len(frames), -1) ** 2, 1))
    loudness = (energy / max(float(energy.max()), 1e-6)).astype(np.float32)
    manner, scene = draw_manner(rng), draw_scene(rng)
    move = motion(rng, len(frames), loudness)
    drawn, landmarks = draw_picture(role.still, read_picture(role.still), frames, points, manner, scene, move, rng)
    truth = {
        "landmarks68": landmarks,
        "still": np.array(role.still.name),
        "driver": np.array(role.driver.id),
        "manner": np.array(json.dumps(dataclasses.asdict(manner))),
        "skin": np.array(role.still.skin),
        "glasses": np.array(role.still.glasses),
        "sync_offset_frames": np.array(0),
    }
    path = main / f"{role.id}.mp4"
    write_clip(path, drawn, speech, truth, role.driver.transcript or "", role.driver.words, crf=scene.crf)
