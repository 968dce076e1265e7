"""The face that the bundled evaluators look at: found by the bundled detector."""

from __future__ import annotations

from syncbench.baselines.evaluators.mtcnn.detector import MTCNN
from syncbench.features.faces import detections, face, sighted

__all__ = ["DETECTIONS", "FACE", "SIGHTED"]

DETECTIONS = detections(MTCNN)
"""What it finds in a clip's video: see :func:`syncbench.features.faces.detections`."""
FACE = face(MTCNN)
"""The square around the clip's face in each frame, float32 ``[T, 3]``: see :func:`syncbench.features.faces.face`."""
SIGHTED = sighted(MTCNN)
"""The frames that show it to the detector, bool ``[T]``."""
