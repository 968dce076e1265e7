"""How a clip is prepared for SyncNet v2. Different preparation gives different scores, so each has a name.

Cepstra are computed alike everywhere, of 16 kHz speech at 16-bit scale, by :func:`syncbench.features.mfcc.mfcc`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from syncbench import media
from syncbench.baselines.evaluators.faces import FACE, SIGHTED
from syncbench.baselines.evaluators.s3fd.detector import unavailable
from syncbench.baselines.evaluators.syncnet_v2.pipelines import Pipeline
from syncbench.baselines.evaluators.syncnet_v2.recoding import AAC, FINE_MPEG4, H264, MP3, jpeg_round_trip
from syncbench.baselines.evaluators.syncnet_v2.tracks import ShotRule
from syncbench.clip import Clip, Frames
from syncbench.faces.crops import cut, frame_square
from syncbench.feature import Feature
from syncbench.features.evaluators import Protocol
from syncbench.features.frames import FOOTAGE
from syncbench.features.resize import bilinear

__all__ = [
    "LATENTSYNC",
    "MOCHABENCH",
    "MOVA",
    "NATIVE",
    "SYNCNET_PIPELINE",
    "VERSE",
    "WAV2LIP_LRS",
    "WAV2LIP_REAL",
]

SIZE = 224


def _native(footage: media.Footage, squares: NDArray[np.float32]) -> media.Footage:
    height, width = footage.shape[1:3]
    whole = bool((squares == frame_square(width, height)).all())

    def pieces() -> Iterator[Frames]:
        for span in media.spans(footage):
            frames = footage[span]
            if whole:
                yield bilinear(frames[..., ::-1], SIZE, SIZE)
            else:
                yield np.stack([_face(f, square) for f, square in zip(frames, squares[span], strict=True)])

    return media.Footage((len(footage), SIZE, SIZE, 3), pieces, "the frames for SyncNet")


def _face(frame: NDArray[np.uint8], square: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return what SyncNet sees of one frame, BGR; black where no face is."""
    if not np.isfinite(square).all():
        return np.zeros((SIZE, SIZE, 3), np.uint8)
    return np.asarray(bilinear(cut(frame, square)[None, ..., ::-1], SIZE, SIZE)[0])


def _wav2lip_lrs(clip: Clip) -> Frames:
    return bilinear(jpeg_round_trip(media.clip_pictures(clip))[..., ::-1], SIZE, SIZE)


NATIVE = Protocol(
    "native",
    2,
    "face crops whole, other pictures cut around the face as LRS2's crops show it; resized to 224 x 224 as OpenCV does",
    Feature("syncnet_frames[native.2]", _native, needs=(FOOTAGE, FACE), version=2),
    seen=SIGHTED,
)
WAV2LIP_LRS = Protocol(
    "wav2lip-lrs",
    1,
    "frames through FFmpeg's JPEG at default quality, whole, resized to 224 x 224: Wav2Lip's calculate_scores_LRS.py",
    Feature("syncnet_frames[wav2lip-lrs.1]", _wav2lip_lrs, reads=frozenset({"video"})),
    seen=SIGHTED,
)


def _protocol(pipeline: Pipeline, version: int, summary: str) -> Protocol:
    return Protocol(pipeline.name, version, summary, pipeline.frames, pipeline.speech, unavailable)


SYNCNET_PIPELINE = _protocol(
    Pipeline("syncnet-pipeline", FINE_MPEG4, MP3, None, ShotRule("0.5.1", 30.0, near="first"), shortest=100),
    1,
    "S3FD at 0.25, the longest track of over 100 faces, crop 0.40; MPEG-4, MP3 and JPEG on the way: run_pipeline.py of "
    "joonson/syncnet_python",
)
WAV2LIP_REAL = replace(
    SYNCNET_PIPELINE,
    name="wav2lip-real",
    summary="as syncnet-pipeline, which Wav2Lip's calculate_scores_real_videos.sh runs; its resize to 224 changes nothing",
)
LATENTSYNC = _protocol(
    Pipeline("latentsync", H264, AAC, AAC, ShotRule("0.6.1", 27.0, near="drop", tail=False), shortest=50),
    1,
    "as syncnet-pipeline, tracks of over 50 faces, H.264 at first, AAC twice: LatentSync's eval_sync_conf",
)
MOCHABENCH = _protocol(
    Pipeline(
        "mochabench", FINE_MPEG4, None, None, ShotRule("0.6.6", 27.0, near="merge"), shortest=50, surest_only=True
    ),
    1,
    "as syncnet-pipeline, tracks of over 50 faces, the speech as it is given (a separate vocal track): MoChaBench",
)
MOVA = Protocol("mova", 0, "as syncnet-pipeline, tracks of 20 frames, several crop scales")
VERSE = Protocol("verse", 0, "insightface boxes, crop 0.30, no smoothing: Verse-Bench")
