"""Writing video and speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Literal

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from syncbench.clip import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Frames, Waveform
from syncbench.errors import ClipError, CommandError
from syncbench.files import replacing

__all__ = ["write_lossless", "write_video", "write_wav"]


def write_video(
    path: Path,
    frames: Frames | Iterable[Frames],
    speech: Waveform | None = None,
    *,
    crf: int = 12,
    sound: Literal["aac", "libmp3lame"] = "aac",
    bit_rate: int = 96_000,
) -> Path:
    """Write an mp4 at 25 fps and return its path: H.264 and, where ``speech`` is given, AAC or MP3.

    Args:
        path: the file appears only when it is complete.
        frames: uint8 ``[T, H, W, 3]`` RGB, or several such arrays of one size, one after the other. Even sizes are
            stored as 4:2:0 as every player expects; odd ones as 4:4:4, so that they come back with the size they had.
        speech: float32 ``[N]``, 16 kHz, in -1..1.
        crf: quality of the picture, lower is better; 12 is hard to tell from none.
        sound, bit_rate: codec of the speech, and its bits per second.

    Raises:
        ClipError: no frames, or not the shape and type above.
        CommandError: the file cannot be written.
    """
    # Without assembler: x264's reads past a picture's edge, so that equal frames gave one of a few files.
    options = {"crf": str(crf), "preset": "veryfast", "x264-params": "asm=0"}
    return _write(path, frames, speech, _Codec("mp4", "libx264", "yuv420p", "yuv444p", options, sound, bit_rate))


def write_lossless(path: Path, frames: Frames | Iterable[Frames], speech: Waveform | None = None) -> Path:
    """Write a Matroska file (``.mkv``) that reads back exactly, and return its path: RGB and float PCM.

    Arguments and errors as for ``write_video``.
    """
    return _write(path, frames, speech, _Codec("matroska", "ffv1", "bgr0", "bgr0", {}, "pcm_f32le"))


def write_wav(path: Path, speech: Waveform) -> Path:
    """Write ``speech``, float32 ``[N]`` at 16 kHz, as a 16-bit wav file, and return its path.

    The file appears only when it is complete. Values outside -1..1 are clipped. Raises CommandError where it cannot be
    written.
    """
    with _into(path) as temporary:
        soundfile.write(temporary, speech, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    return path


@contextmanager
def _into(path: Path) -> Iterator[Path]:
    """Give a temporary name that becomes ``path`` at the end. Raises CommandError where it cannot be written."""
    try:
        with replacing(path) as temporary:
            yield temporary
    except (OSError, soundfile.LibsndfileError) as e:
        reason = getattr(e, "strerror", None) or str(e)
        raise CommandError(f"{path}: cannot be written ({reason}); choose another folder or free some space") from e


@dataclass(frozen=True, slots=True)
class _Codec:
    """How a file is written: pixel formats for even and for odd sizes, options of the video's encoder."""

    container: str
    video: str
    even: str
    odd: str
    options: dict[str, str]
    audio: Literal["aac", "libmp3lame", "pcm_f32le"]
    bit_rate: int = 0


def _write(path: Path, frames: Frames | Iterable[Frames], speech: Waveform | None, codec: _Codec) -> Path:
    if speech is not None and (speech.ndim != 1 or not speech.size or not np.isfinite(speech).all()):
        raise ClipError(f"{path}: speech must be finite float32 [N] with N > 0, not {speech.dtype} {speech.shape}")
    pieces = _checked(path, [frames] if isinstance(frames, np.ndarray) else frames)
    first = next(pieces)
    height, width = first.shape[1:3]
    with _into(path) as temporary, av.open(str(temporary), "w", format=codec.container) as container:
        video = container.add_stream(codec.video, rate=FPS, options=codec.options)
        if not isinstance(video, av.VideoStream):
            raise TypeError(codec.video)
        video.width, video.height = width, height
        video.pix_fmt = codec.odd if height % 2 or width % 2 else codec.even
        video.codec_context.thread_count = 1  # the same bytes on any machine
        audio = None
        if speech is not None:
            audio = container.add_stream(codec.audio, rate=SAMPLE_RATE, layout="mono")
            if codec.bit_rate:
                audio.bit_rate = codec.bit_rate
        for n, picture in enumerate(picture for piece in chain([first], pieces) for picture in piece):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            # Left to encode(), one in some hundred frames differs between runs.
            frame = frame.reformat(format=video.pix_fmt, threads=1)
            frame.pts, frame.time_base = n, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if speech is not None and isinstance(audio, av.AudioStream):
            samples = np.ascontiguousarray(speech, np.float32)[None]
            for at in range(0, samples.shape[1], SAMPLES_PER_FRAME):
                sound = AudioFrame.from_ndarray(samples[:, at : at + SAMPLES_PER_FRAME], "flt", "mono")
                sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
                container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
    return path


def _checked(path: Path, pieces: Iterable[Frames]) -> Iterator[Frames]:
    """Yield the pieces, at least one; complain where one is no frames, or of another size than the first."""
    size: tuple[int, ...] | None = None
    for piece in pieces:
        if piece.dtype != np.uint8 or piece.ndim != 4 or piece.shape[3] != 3 or not piece.size:
            raise ClipError(f"{path}: frames must be uint8 [T, H, W, 3] with T > 0, not {piece.dtype} {piece.shape}")
        size = size or piece.shape[1:]
        if piece.shape[1:] != size:
            raise ClipError(f"{path}: frames of {piece.shape[1:]} come after frames of {size}: write one size")
        yield piece
    if size is None:
        raise ClipError(f"{path}: there is no frame to write")
