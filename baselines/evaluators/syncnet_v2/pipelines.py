"""The published pipelines for uncropped video, step by step: recode, find faces, cut shots, link tracks, crop, recode.

Of several tracks the longest one is scored, the first among equals: the pipelines score each and leave the choice to the
user. The frames that SyncNet sees are this track's alone, with the speech beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench import media
from syncbench.baselines.evaluators.s3fd.detector import SHA256, find_faces
from syncbench.baselines.evaluators.syncnet_v2.recoding import (
    CROP_MPEG4,
    FINE_JPEG,
    SoundCoding,
    VideoCoding,
    mono_16k,
    sound_round_trip,
    through_jpeg,
    through_video,
    upright,
)
from syncbench.baselines.evaluators.syncnet_v2.tracks import (
    SIZE,
    SMALLEST,
    ShotRule,
    change,
    crop,
    hsv,
    link,
    longest,
    shots,
    small_frame,
    smooth,
)
from syncbench.clip import SAMPLE_RATE, SAMPLES_PER_FRAME, Clip, Frames, Waveform
from syncbench.errors import ClipError
from syncbench.feature import Feature

if TYPE_CHECKING:
    from av import VideoFrame

__all__ = ["Pipeline", "places"]

Arrays = Mapping[str, NDArray[Any]]
_BATCH = 16  # pictures in memory while faces are looked for
_PIECE = 64  # crops


@dataclass(frozen=True)
class Pipeline:
    """How one repository prepares a video for SyncNet; its features.

    Attributes:
        name: as features and errors say it.
        video: into which it recodes the video.
        sound: into which it recodes the speech, beside the video; None where it takes the speech as it is.
        again: into which it recodes the track's speech once more.
        rule: how it cuts shots.
        shortest: faces that a track must exceed, frames that a shot must have.
        surest_only: see :func:`tracks.link`.
    """

    name: str
    video: VideoCoding
    sound: SoundCoding | None
    again: SoundCoding | None
    rule: ShotRule
    shortest: int
    surest_only: bool = False

    @cached_property
    def faces(self) -> Feature:
        """S3FD's faces in the recoded video.

        ``boxes`` float32 ``[N, 5]``, ``counts`` int64 ``[P]`` how many of them each of P pictures has, ``slots`` int64
        ``[P]`` at which frame each is first shown, ``changes`` float64 ``[P]`` from the picture before.
        """
        name = f"s3fd_faces[0.25,{self.video.encoder},scenedetect-{self.rule.release}]"
        return Feature(name, self._faces, reads=frozenset({"video"}), weights=SHA256, stored=True)

    @cached_property
    def recoded_speech(self) -> Feature:
        """``speech`` int16 ``[N]``, 16 kHz, and ``held`` int64 ``[]``: frames more for which the first one is shown."""
        coder = self.sound.encoder if self.sound else "none"
        reads = frozenset({"speech"} if self.sound else {"speech", "video"})
        return Feature(f"recoded_speech[{coder}]", self._recoded_speech, reads=reads, stored=True)

    @cached_property
    def track(self) -> Feature:
        """``pictures`` int64 ``[n]``, which picture each frame of the track shows; ``start`` int64 ``[]``, its first
        frame; ``boxes`` float64 ``[n, 4]``."""
        return Feature(f"face_track[{self.name}]", self._track, needs=(self.faces, self.recoded_speech))

    @cached_property
    def frames(self) -> Feature:
        """Crops of the track as SyncNet sees them, :class:`media.Footage` uint8 ``[n, 224, 224, 3]``, **BGR**."""
        return Feature(f"syncnet_frames[{self.name}]", self._frames, reads=frozenset({"video"}), needs=(self.track,))

    @cached_property
    def speech(self) -> Feature:
        """Speech beside the track, float32 ``[<= n * 640]``, 16 kHz."""
        return Feature(f"syncnet_speech[{self.name}]", self._speech, needs=(self.recoded_speech, self.track))

    def _recoded(self, clip: Clip, slots: list[int]) -> Iterator[VideoFrame]:
        """Yield the pictures of a clip recoded; append to ``slots`` at which frame each is first shown."""
        return through_video(_due(media.clip_pictures(clip), slots, self.video.filled), self.video)

    def _faces(self, clip: Clip) -> Arrays:
        slots: list[int] = []
        changes: list[float] = []

        def watched() -> Iterator[VideoFrame]:
            before = None
            for picture in self._recoded(clip, slots):
                here = hsv(
                    small_frame(np.asarray(picture.to_ndarray(format="rgb24", threads=1), np.uint8), self.rule.release)
                )
                changes.append(0.0 if before is None else change(before, here))
                before = here
                yield picture

        jpegs = through_jpeg(watched(), FINE_JPEG)
        found: list[NDArray[np.float32]] = []
        while batch := list(islice(jpegs, _BATCH)):
            found += find_faces(np.stack(batch))
        return {
            "boxes": np.concatenate(found),
            "counts": np.array([len(faces) for faces in found]),
            "slots": np.array(slots),
            "changes": np.array(changes),
        }

    def _recoded_speech(self, clip: Clip) -> Arrays:
        samples, rate = media.clip_sound(clip)
        if self.sound:
            held = self.sound.held(rate)
            samples, rate = sound_round_trip(samples, rate, self.sound)
        else:
            held = _held_by_own_sound(clip)
        return {"speech": mono_16k(samples, rate), "held": np.array(held)}

    def _track(self, faces: Arrays, speech: Arrays) -> Arrays:
        pictures = places(faces["slots"] + np.where(np.arange(len(faces["slots"])) > 0, int(speech["held"]), 0))
        each = np.split(faces["boxes"], np.cumsum(faces["counts"])[:-1])
        seen = [each[picture] for picture in pictures]
        # Shots are counted in pictures and tracks in frames: where frames are held the two differ, as in the pipelines.
        tracks = chain.from_iterable(
            link(seen, start, end, self.shortest, self.surest_only) for start, end in shots(faces["changes"], self.rule)
        )
        track = longest(tracks)
        if track is None:
            raise ClipError(
                f"no face track: S3FD sees a face in {sum(map(bool, map(len, seen)))} of {len(seen)} frames, {self.name} "
                f"wants more than {self.shortest} in one shot, over {SMALLEST} pixels wide; "
                "for shorter clips or face crops use protocol native"
            )
        shown = pictures[track.start : track.start + len(track.boxes)]
        return {"pictures": shown, "start": np.array(track.start), "boxes": track.boxes}

    def _frames(self, clip: Clip, track: Arrays) -> media.Footage:
        shape = (len(track["pictures"]), SIZE, SIZE, 3)
        return media.Footage(shape, lambda: self._pieces(clip, track), "the face's crops")

    def _pieces(self, clip: Clip, track: Arrays) -> Iterator[Frames]:
        jpegs = through_jpeg(self._recoded(clip, []), FINE_JPEG)
        crops = (_as_picture(face) for face in _crops(jpegs, track["pictures"], smooth(track["boxes"])))
        seen = through_jpeg(through_video(crops, CROP_MPEG4))
        while piece := list(islice(seen, _PIECE)):
            yield np.stack(piece)[..., ::-1]

    def _speech(self, recoded: Arrays, track: Arrays) -> Waveform:
        first, count = int(track["start"]), len(track["pictures"])
        part: NDArray[np.int16] = recoded["speech"][first * SAMPLES_PER_FRAME : (first + count) * SAMPLES_PER_FRAME]
        if not len(part):
            raise ClipError("the speech ends before the face is seen; check that video and speech belong together")
        if self.again:
            part = mono_16k(*sound_round_trip(_float(part)[None], SAMPLE_RATE, self.again))
        return _float(part)


def places(slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which picture each frame of a video shows, int64, from the frame at which each picture is first due ``[P]``.

    FFmpeg fills a hole with the picture before it, but for the last frame, which the next picture takes.
    """
    begins = slots - (np.diff(slots, prepend=slots[0] - 1) > 1)
    return np.repeat(np.arange(len(slots)), np.diff(begins, append=slots[-1] + 1))


def _due(pictures: Iterable[VideoFrame], slots: list[int], filled: bool) -> Iterator[VideoFrame]:
    """Yield each picture once, or, ``filled``, as often as FFmpeg shows it; append to ``slots`` at which frame."""
    shown: VideoFrame | None = None
    before: list[VideoFrame] = []
    for number, picture in enumerate(pictures):
        if picture is shown:
            continue
        here = upright(picture)
        holes = number - slots[-1] - 1 if filled and slots else 0
        for again in [*before * (holes - 1), *[here] * bool(holes), here]:
            slots.append(len(slots) if filled else number)
            yield again
        shown, before = picture, [here]


def _crops(
    jpegs: Iterator[NDArray[np.uint8]], pictures: NDArray[np.int64], paths: NDArray[np.float64]
) -> Iterator[NDArray[np.uint8]]:
    """Yield the crop of each frame of a track, RGB: ``pictures`` says which picture it shows, ``paths`` where."""
    numbered = enumerate(jpegs)
    number, jpeg = next(numbered)
    for wanted, (x, y, half) in zip(pictures, paths, strict=True):
        while number < wanted:
            number, jpeg = next(numbered)
        yield crop(jpeg, x, y, half)


def _as_picture(face: NDArray[np.uint8]) -> VideoFrame:
    import av

    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(face[..., ::-1]), format="bgr24")
    return picture.reformat(format="yuv420p")


def _held_by_own_sound(clip: Clip) -> int:
    """Return for how many frames more the first one is shown because of the MP3 that the video's own sound becomes."""
    from syncbench.baselines.evaluators.syncnet_v2.recoding import MP3

    assert clip.video is not None
    rate = media.read_headers(clip.video.path).sample_rate
    return MP3.held(rate) if rate else 0


def _float(speech: NDArray[np.int16]) -> Waveform:
    return speech.astype(np.float32) / np.float32(32768)
