"""Writing video and speech."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
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


def write_video(path: Path, frames: Frames, speech: Waveform | None = None) -> Path:
    """Write an mp4 at 25 fps and return its path: H.264 at CRF 12 and, where ``speech`` is given, AAC.

    Args:
        path: the file appears only when it is complete.
        frames: uint8 ``[T, H, W, 3]`` RGB. Even sizes are stored as 4:2:0 as every player expects; odd ones as 4:4:4,
            so that they come back with the size they had.
        speech: float32 ``[N]``, 16 kHz, in -1..1.

    Raises:
        ClipError: no frames, or not the shape and type above.
        CommandError: the file cannot be written.
    """
    even = frames.ndim == 4 and frames.shape[1] % 2 == 0 and frames.shape[2] % 2 == 0
    # Without assembler: x264's reads past a picture's edge, so that equal frames gave one of a few files.
    options = {"crf": "12", "preset": "veryfast", "x264-params": "asm=0"}
    return _write(path, frames, speech, "mp4", "libx264", "yuv420p" if even else "yuv444p", options, "aac")


def write_lossless(path: Path, frames: Frames, speech: Waveform | None = None) -> Path:
    """Write a Matroska file (``.mkv``) that reads back exactly, and return its path: RGB and float PCM.

    Arguments and errors as for ``write_video``.
    """
    return _write(path, frames, speech, "matroska", "ffv1", "bgr0", {}, "pcm_f32le")


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


def _write(
    path: Path,
    frames: Frames,
    speech: Waveform | None,
    container_format: str,
    video_codec: str,
    pixels: str,
    options: dict[str, str],
    audio_codec: Literal["aac", "pcm_f32le"],
) -> Path:
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
        raise ClipError(f"{path}: frames must be uint8 [T, H, W, 3] with T > 0, not {frames.dtype} {frames.shape}")
    if speech is not None and (speech.ndim != 1 or not speech.size or not np.isfinite(speech).all()):
        raise ClipError(f"{path}: speech must be finite float32 [N] with N > 0, not {speech.dtype} {speech.shape}")
    with _into(path) as temporary, av.open(str(temporary), "w", format=container_format) as container:
        video = container.add_stream(video_codec, rate=FPS, options=options)
        if not isinstance(video, av.VideoStream):
            raise TypeError(video_codec)
        video.width, video.height, video.pix_fmt = frames.shape[2], frames.shape[1], pixels
        video.codec_context.thread_count = 1  # the same bytes on any machine
        audio = None
        if speech is not None:
            audio = container.add_stream(audio_codec, rate=SAMPLE_RATE, layout="mono")
            if audio_codec == "aac":
                audio.bit_rate = 96_000
        for n, picture in enumerate(frames):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            # Left to encode(), one in some hundred frames differs between runs.
            frame = frame.reformat(format=pixels, threads=1)
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
