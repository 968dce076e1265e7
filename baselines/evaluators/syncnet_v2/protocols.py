"""How a clip is prepared for SyncNet v2. Different preparation gives different scores, so each has a name.

Cepstra are computed alike everywhere, of 16 kHz speech at 16-bit scale, by :func:`syncbench.features.mfcc.mfcc`.
"""

from __future__ import annotations

from dataclasses import replace

from syncbench import media
from syncbench.baselines.evaluators.s3fd.detector import unavailable
from syncbench.baselines.evaluators.syncnet_v2.pipelines import Pipeline
from syncbench.baselines.evaluators.syncnet_v2.recoding import AAC, FINE_MPEG4, H264, MP3, jpeg_round_trip
from syncbench.baselines.evaluators.syncnet_v2.tracks import ShotRule
from syncbench.clip import Clip, Frames
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


def _native(footage: media.Footage) -> media.Footage:
    shape = (len(footage), SIZE, SIZE, 3)
    pieces = lambda: (bilinear(footage[span][..., ::-1], SIZE, SIZE) for span in media.spans(footage))  # noqa: E731
    return media.Footage(shape, pieces, "the frames for SyncNet")


def _wav2lip_lrs(clip: Clip) -> Frames:
    return bilinear(jpeg_round_trip(media.clip_pictures(clip))[..., ::-1], SIZE, SIZE)


NATIVE = Protocol(
    "native",
    1,
    "decoded frames, whole, resized to 224 x 224 as OpenCV does; for face crops",
    Feature("syncnet_frames[native.1]", _native, needs=(FOOTAGE,)),
)
WAV2LIP_LRS = Protocol(
    "wav2lip-lrs",
    1,
    "frames through FFmpeg's JPEG at default quality, whole, resized to 224 x 224: Wav2Lip's calculate_scores_LRS.py",
    Feature("syncnet_frames[wav2lip-lrs.1]", _wav2lip_lrs, reads=frozenset({"video"})),
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
