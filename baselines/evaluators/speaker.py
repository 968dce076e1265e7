"""Who of several people in a picture is speaking: the one whose lips follow the speech most surely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.evaluators.expert.evaluator import EMBEDDINGS, embed
from syncbench.baselines.evaluators.faces import DETECTIONS, FACE
from syncbench.baselines.evaluators.landmarks.finder import MOUTH_SIDE, find_landmarks
from syncbench.baselines.evaluators.mtcnn.detector import MTCNN
from syncbench.clip import SAMPLES_PER_FRAME, Waveform
from syncbench.errors import ClipError
from syncbench.faces.choice import place_of
from syncbench.faces.crops import face_squares
from syncbench.faces.tracks import Track
from syncbench.feature import Features
from syncbench.features.faces import FaceFinder, shots_of
from syncbench.features.frames import FOOTAGE, SHAPE
from syncbench.features.mouths import crop_mouths
from syncbench.features.speech import VOICED
from syncbench.media import Footage
from syncbench.metrics.lse import SHORTEST, distances, masked_lse

__all__ = ["FACES", "find_speaker", "follows"]

_CANDIDATES = 4  # the most prominent faces of a shot


def find_speaker(clip: Features) -> str:
    """Return where the speaker of a clip is, as ``Clip.face`` says it: the place of one face for each shot.

    Where no shot shows more than one face, it is what ``Clip.face`` says already. Where the speech cannot tell (there is
    none, it is another video's, the shot is too short), it is the most prominent face.

    Raises ClipError where the video cannot be read.
    """
    length, height, width = clip[SHAPE].tolist()
    shots = shots_of(clip[DETECTIONS], length)
    if all(len(shot.tracks) < 2 for shot in shots):
        return clip.clip.face
    spoken = clip.clip.real or (clip.has("speech") and clip.clip.speech == clip.clip.video)  # in this video
    places: list[str] = []
    for shot in shots:
        candidates = shot.tracks[:_CANDIDATES]
        if not candidates:
            continue
        sure = [_follows(clip, track) if spoken and len(candidates) > 1 else 0.0 for track in candidates]
        places.append(place_of(candidates[int(np.argmax(sure))], shot.start, width, height))
    return " ".join(places)


def _follows(clip: Features, track: Track) -> float:
    try:
        return follows(clip[FOOTAGE], track, clip[VOICED])
    except ClipError:
        return -1.0


def follows(footage: Footage, track: Track, speech: Waveform) -> float:
    """Return how surely the lips of a track follow the speech: LSE-C of the bundled expert, -1 where it cannot be told.

    ``footage`` is the whole video, ``speech`` float32 ``[N]`` beside it.
    """
    stop = min(track.stop, len(speech) // SAMPLES_PER_FRAME)
    if stop - track.start < SHORTEST + 4:
        return -1.0
    part = Footage(
        (stop - track.start, *footage.shape[1:]),
        lambda: (footage[n : min(n + 8, stop)] for n in range(track.start, stop, 8)),
        "a face's frames",
    )
    landmarks: NDArray[np.float32] = find_landmarks(part, face_squares(track.boxes[: len(part)]))
    if not np.isfinite(landmarks).any():
        return -1.0
    found = embed(
        crop_mouths(part, landmarks, MOUTH_SIDE), speech[track.start * SAMPLES_PER_FRAME : stop * SAMPLES_PER_FRAME]
    )
    return masked_lse(distances(found["video"], found["audio"])).lse_c


FACES = FaceFinder(f"{MTCNN.label}+{EMBEDDINGS.name}", FACE, find_speaker)
