"""How a clip is prepared for SyncNet v2. Different preparation gives different scores, so each has a name.

The speech is prepared alike everywhere: 16 kHz at 16-bit scale, cepstra by :func:`syncbench.features.mfcc.mfcc`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syncbench import media
from syncbench.baselines.evaluators.faces import FACE, SIGHTED
from syncbench.clip import FPS, Clip, Frames
from syncbench.errors import ClipError
from syncbench.faces.crops import cut, frame_square
from syncbench.feature import Feature
from syncbench.features.evaluators import Protocol
from syncbench.features.frames import FOOTAGE
from syncbench.features.resize import bilinear

if TYPE_CHECKING:
    from av import VideoFrame

__all__ = ["LATENTSYNC", "MOCHABENCH", "MOVA", "NATIVE", "VERSE", "WAV2LIP_LRS", "WAV2LIP_REAL", "jpeg_round_trip"]

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
    SIGHTED,
)
WAV2LIP_LRS = Protocol(
    "wav2lip-lrs",
    1,
    "frames through FFmpeg's JPEG at default quality, whole, resized to 224 x 224: Wav2Lip's calculate_scores_LRS.py",
    Feature("syncnet_frames[wav2lip-lrs.1]", _wav2lip_lrs, reads=frozenset({"video"})),
    SIGHTED,
)
WAV2LIP_REAL = Protocol(
    "wav2lip-real", 0, "S3FD tracks of at least 100 frames, crop 0.40, XVID and MP3 on the way: run_pipeline.py"
)
LATENTSYNC = Protocol(
    "latentsync", 0, "S3FD tracks of at least 50 frames, mp4v and AAC on the way: LatentSync's eval_sync_conf"
)
MOCHABENCH = Protocol("mochabench", 0, "as wav2lip-real, tracks of 50 frames, a separate vocal track as speech")
MOVA = Protocol("mova", 0, "as wav2lip-real, tracks of 20 frames, several crop scales")
VERSE = Protocol("verse", 0, "insightface boxes, crop 0.30, no smoothing: Verse-Bench")


def jpeg_round_trip(pictures: Iterable[VideoFrame]) -> Frames:
    """Return decoded pictures as they come back from ``ffmpeg -f image2 %06d.jpg``, uint8 ``[T, H, W, 3]``, RGB.

    FFmpeg's JPEG encoder at its default 200 kb/s, whose rate control runs through the clip: the first frames are good,
    the later ones settle at 31 dB or so. Sources in studio range are first stretched with the integers that FFmpeg used
    until 7.0; newer releases round differently (0.4 grey levels on average).
    """
    from PIL import Image

    coded = _encode(_full_range(picture) for picture in pictures)
    return np.stack([np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in coded])


def _full_range(picture: VideoFrame) -> list[NDArray[np.uint8]]:
    """Return the planes Y, U, V of a picture in full range, turned upright, colour at half size."""
    full = picture.format.name.startswith("yuvj") or int(picture.color_range) == 2
    planar = picture.reformat(format="yuvj420p" if full else "yuv420p")
    luma, *chroma = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in planar.planes
    )
    planes = [luma, *chroma] if full else [_stretch(luma, 30189, 19077, 39057361, 14)]
    if not full:
        planes += [_stretch(plane, 30775, 4663, 9289992, 12) for plane in chroma]
    return [np.rot90(plane, round(picture.rotation / 90) % 4) for plane in planes]


def _stretch(plane: NDArray[np.uint8], top: int, gain: int, offset: int, shift: int) -> NDArray[np.uint8]:
    """Stretch studio range to full range in 15-bit integers, as libswscale 6 and older do."""
    wide = (np.minimum(plane.astype(np.int64) << 7, top) * gain - offset) >> shift
    pixels: NDArray[np.int64] = (wide + 64) >> 7
    return pixels.clip(0, 255).astype(np.uint8)


def _encode(pictures: Iterable[list[NDArray[np.uint8]]]) -> Iterator[bytes]:
    """Yield each picture as a JPEG file, by one encoder for all of them."""
    import av

    encoder = None
    for number, (luma, *chroma) in enumerate(pictures):
        height, width = luma.shape
        if encoder is None:
            encoder = av.CodecContext.create("mjpeg", "w")
            assert isinstance(encoder, av.VideoCodecContext)
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
            encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
            encoder.thread_count = 1
        if (height, width) != (encoder.height, encoder.width):
            raise ClipError(f"the picture changes size at frame {number}; encode it again at one size")
        frame = av.VideoFrame(width, height, "yuvj420p")
        for plane, values in zip(frame.planes, (luma, *chroma), strict=True):
            padded = np.zeros((plane.height, plane.line_size), np.uint8)
            padded[:, : plane.width] = values
            plane.update(padded.tobytes())
        frame.pts, frame.time_base = number, encoder.time_base
        yield from (bytes(packet) for packet in encoder.encode(frame))
    if encoder is not None:
        yield from (bytes(packet) for packet in encoder.encode(None))
