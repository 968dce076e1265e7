"""Reading video and speech.

What comes out is always the same: frames uint8 ``[T, H, W, 3]`` RGB at 25 per second, speech float32 ``[N]``
at 16 kHz mono. What the files hold may differ from that in many ways; the rules are:

- **Time zero** of a file is the first presented frame of its video, or the first sample where there is no video. An
  audio track that starts later is padded with silence, one that starts earlier is cut: sample 0 belongs to frame 0.
- **25 fps by presentation time.** A frame is shown from its own timestamp, rounded to the nearest 1/25 s, until that of
  the next; the last one lasts as long as the file says. This is what FFmpeg's ``fps`` filter does by default, for
  constant and variable rates alike. A file that is at 25 fps comes back frame by frame.
- **Pixels** are the stored ones: rotated as the file asks (multiples of 90 degrees), not stretched to square pixels,
  converted to RGB as FFmpeg does.
- **Several streams:** the first video stream (cover art is not one) and the first audio stream are read, no other.
- **Channels** are averaged.
- **A file cut short** is an error, not a short clip: where the index of the file points past its end, or a Matroska or
  AVI header promises over a tenth of a second more than is there, the message says how many frames are left. MPEG streams
  promise nothing, so what is there is read.

Every failure is one ``ClipError`` line: the file, what is wrong, what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from syncbench.clip import FPS, SAMPLE_RATE, Frames, Waveform
from syncbench.errors import ClipError
from syncbench.media.container import audio_stream, cut_short, opened, video_stream
from syncbench.media.footage import HELD_BYTES, Footage

__all__ = [
    "MAX_BYTES",
    "count_frames",
    "open_footage",
    "read_frames",
    "read_pictures",
    "read_sound",
    "read_speech",
]

MAX_BYTES = 4 << 30
"""Speech that would take more memory than this once decoded is an error that says to cut it."""

_GAP = 0.1  # seconds between audio timestamps and samples so far that count as a hole and not as jitter

_MISSING = 0.1  # seconds between the end of the data and the end in the header that count as a file cut short


def open_footage(path: Path, start: float = 0.0, end: float | None = None) -> Footage:
    """Return the frames of a video file between ``start`` and ``end``, uint8 ``[T, H, W, 3]`` RGB at 25 fps.

    The file is decoded once to count them (headers are not to be trusted), and again in pieces for each pass over them
    where they are too many to be kept.

    Args:
        path: any file FFmpeg reads.
        start, end: seconds from the first frame; ``end`` None means to the end. Frame ``n`` of the result is the one
            shown at ``start + n / 25``. A span that ends after the file does is given as far as it goes.

    Raises:
        ClipError: unreadable, cut short, no video, a picture that changes size, or no frame in the span.
    """
    size: tuple[int, int] | None = None
    held: list[Frames] | None = []
    count = room = 0
    shown: VideoFrame | None = None
    for frame in read_pictures(path, start, end):
        if frame is not shown:
            here = _upright_size(path, frame)
            if size is None:
                size, room = here, HELD_BYTES // (here[0] * here[1] * 3)
                held = [] if _expected(path, start, end) <= room else None
            if here != size:
                raise ClipError(
                    f"{path}: the picture changes size from {size[1]}x{size[0]} to {here[1]}x{here[0]}"
                    f" at frame {count}; encode it again at one size"
                )
        count += 1
        if count > room:
            held = None  # the headers promised too little
        if held is not None:
            held.append(held[-1] if frame is shown else _rgb(path, frame))
        shown = frame
    assert size is not None
    if held is not None:
        return Footage.of(np.stack(held))
    return Footage((count, *size, 3), lambda: _pieces(path, start, end), str(path))


def _pieces(path: Path, start: float, end: float | None) -> Iterator[Frames]:
    shown: VideoFrame | None = None
    picture = np.zeros((0, 0, 3), np.uint8)
    for frame in read_pictures(path, start, end):
        if frame is not shown:
            picture, shown = _rgb(path, frame), frame
        yield picture[None]


def read_frames(path: Path, start: float = 0.0, end: float | None = None) -> Frames:
    """Return the frames of :func:`open_footage` as one array. Raises ClipError where it would take over 4 GiB."""
    return np.asarray(open_footage(path, start, end))


def count_frames(path: Path, start: float = 0.0, end: float | None = None) -> int:
    """Return how many frames ``read_frames`` would give. The file is decoded: headers are not to be trusted."""
    return sum(1 for _ in read_pictures(path, start, end))


def read_speech(path: Path, start: float = 0.0, end: float | None = None) -> Waveform:
    """Return the speech of a video or audio file between ``start`` and ``end``, float32 ``[N]``, 16 kHz mono.

    Sample 0 is at ``start`` seconds after the first video frame of the same file (after its first sample, where it has
    no video). What lies before the audio track begins is silence; what lies after it ends is left out, so ``N`` may be
    less than asked for.

    Raises:
        ClipError: unreadable, cut short, no audio, or no sample in the span.
    """
    samples, rate = _sound(path, start, end, mono=True)
    speech = _resampled(samples[0], rate)
    speech = speech[round(start * SAMPLE_RATE) : None if end is None else round(end * SAMPLE_RATE)]
    if not len(speech):
        raise ClipError(
            f"{path}: the audio ends at {samples.shape[1] / rate:.2f} s, before {start:.2f} s; check the span"
        )
    return speech


def read_sound(path: Path, start: float = 0.0, end: float | None = None) -> tuple[NDArray[np.float32], int]:
    """Return the same as it is stored: float32 ``[channels, N]`` and how many samples there are in a second."""
    samples, rate = _sound(path, start, end, mono=False)
    samples = samples[:, round(start * rate) : None if end is None else round(end * rate)]
    if not samples.size:
        raise ClipError(f"{path}: the audio ends before {start:.2f} s; check the span")
    return samples, rate


def _sound(path: Path, start: float, end: float | None, mono: bool) -> tuple[NDArray[np.float32], int]:
    """Return the audio of a file from time zero to ``end`` or a little beyond, float32 ``[channels, N]``, and its rate."""
    _check_span(path, start, end)
    zero = _video_zero(path)
    pieces: list[NDArray[np.float32]] = []  # [channels, n], at the file's own rate, from time zero on
    rate = written = 0
    with opened(path) as container:
        stream = audio_stream(path, container)
        if stream is None:
            raise ClipError(f"{path}: no audio stream; give the speech as a separate file")
        to_float = av.AudioResampler(format="fltp")
        for frame in container.decode(stream):
            rate = rate or frame.sample_rate
            if frame.sample_rate != rate:
                raise ClipError(f"{path}: the sample rate changes from {rate} to {frame.sample_rate}; encode it again")
            time = frame.time
            if zero is None:
                zero = time or 0.0
            at = written if time is None else round((time - zero) * rate)
            parts = [f.to_ndarray() for f in to_float.resample(frame)]
            samples = np.concatenate(parts, axis=1).astype(np.float32, copy=False)
            if mono:
                samples = samples.mean(axis=0, dtype=np.float32, keepdims=True)
            elif pieces and len(samples) != len(pieces[0]):
                raise ClipError(f"{path}: the number of channels changes; encode it again")
            if written == 0 and at < 0:
                samples = samples[:, -at:]
            elif at > written and (written == 0 or at - written > _GAP * rate):
                if (at - written) * 4 > MAX_BYTES:
                    raise _too_large(path)
                pieces.append(np.zeros((len(samples), at - written), np.float32))
                written = at
            pieces.append(samples)
            written += samples.shape[1]
            if end is not None and written > (end + 1) * rate:  # a second more, for the resampler's filter
                break
            if written * 4 > MAX_BYTES:
                raise _too_large(path)
    if not written:
        raise ClipError(f"{path}: the audio stream holds no sample from the first video frame on; encode it again")
    samples = np.concatenate(pieces, axis=1)
    if not np.isfinite(samples).all():
        raise ClipError(f"{path}: the audio holds values that are no numbers; fetch or encode it again")
    return samples, rate


def _video_zero(path: Path) -> float | None:
    """Return when the first video frame of ``path`` is presented; None where it has no video."""
    with opened(path) as container:
        stream = video_stream(path, container)
        if stream is None:
            return None
        for frame in container.decode(stream):
            return frame.time or 0.0
    raise ClipError(f"{path}: the video stream holds no frame that can be decoded; encode it again")


def read_pictures(path: Path, start: float = 0.0, end: float | None = None) -> Iterator[VideoFrame]:
    """Yield the decoded picture shown at ``start``, ``start + 1/25``, ...: one for each frame of ``read_frames``.

    Not yet turned, nor converted to RGB; the same object again where it is shown longer.
    """
    _check_span(path, start, end)
    limit = None if end is None else round((end - start) * FPS)
    with opened(path) as container:
        stream = video_stream(path, container)
        if stream is None:
            raise ClipError(f"{path}: no video stream; give a video file")
        count = 0
        zero: float | None = None
        time, lasts = 0.0, 1 / FPS  # of the last frame decoded
        shown: VideoFrame | None = None
        for frame in _decoded(path, container, stream):
            time = frame.time if frame.time is not None else time + lasts
            zero = time if zero is None else zero
            lasts = _duration(frame, stream)
            slot = _slot(time - zero - start)  # from this frame of the result on it is the one to show
            while shown is not None and count < slot and (limit is None or count < limit):
                yield shown
                count += 1
            if limit is not None and count >= limit:
                return
            shown = frame
        if shown is None or zero is None:
            raise ClipError(f"{path}: the video stream holds no frame that can be decoded; encode it again")
        finish = max(_slot(time + lasts - zero - start), int(time - zero >= start))
        while count < (finish if limit is None else min(finish, limit)):
            yield shown
            count += 1
        if not count:
            raise ClipError(f"{path}: the video ends at {time + lasts - zero:.2f} s, before {start:.2f} s")


def _slot(seconds: float) -> int:
    """Return the nearest frame number at 25 fps, halves up (floats a hair below a half count as one)."""
    return int(np.floor(seconds * FPS + 0.5 + 1e-6))


def _duration(frame: VideoFrame, stream: av.VideoStream) -> float:
    """Return how long ``frame`` is shown, in seconds: as it says, else by the average rate of its stream."""
    if frame.duration and frame.time_base:
        return float(frame.duration * frame.time_base)
    return 1 / float(stream.average_rate or FPS)


def _decoded(path: Path, container: InputContainer, stream: av.VideoStream) -> Iterator[VideoFrame]:
    """Yield every frame of ``stream``; complain where the file breaks off."""
    decoded = 0
    reached = 0.0
    try:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base:
                reached = max(reached, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream.index != stream.index:
                continue
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    decoded += 1
                    yield frame
    except av.error.FFmpegError as e:
        raise ClipError(
            f"{path}: the video breaks off: {decoded} frames can be decoded, then the data is damaged"
            f" ({(e.strerror or type(e).__name__).lower()}); fetch or encode it again"
        ) from e
    # Only these write the length in their header; elsewhere FFmpeg itself guesses it.
    if container.format.name.startswith(("matroska", "avi")) and container.duration:
        missing = container.duration / av.time_base - reached
        if missing > _MISSING:
            raise cut_short(path, f"{decoded} frames are left, the last {missing:.1f} s are missing")


def _expected(path: Path, start: float, end: float | None) -> float:
    """Return how many frames the headers promise; 0 where they promise nothing."""
    with opened(path) as container:
        seconds = (container.duration or 0) / av.time_base
    return ((seconds if end is None else min(seconds, end)) - start) * FPS


def _check_span(path: Path, start: float, end: float | None) -> None:
    if start < 0 or (end is not None and end <= start):
        raise ClipError(f"{path}: a clip cannot run from {start} s to {end} s; check the span")


def _too_large(path: Path) -> ClipError:
    return ClipError(f"{path}: takes over {MAX_BYTES >> 30} GiB once decoded; cut it into shorter clips")


def _rgb(path: Path, frame: VideoFrame) -> NDArray[np.uint8]:
    """Return one frame as uint8 ``[H, W, 3]``, turned as the file asks."""
    quarters = _quarters(path, frame)
    # More threads would be made and ended for each frame: for small pictures a hundred times the work.
    picture = frame.to_ndarray(format="rgb24", threads=1).astype(np.uint8, copy=False)
    return np.rot90(picture, quarters % 4) if quarters % 4 else picture


def _quarters(path: Path, frame: VideoFrame) -> int:
    """Return by how many quarters of a circle a picture is to be turned."""
    quarters, rest = divmod(frame.rotation, 90)
    if rest:
        raise ClipError(f"{path}: the picture is to be turned by {frame.rotation} degrees; encode it upright")
    return quarters


def _upright_size(path: Path, frame: VideoFrame) -> tuple[int, int]:
    """Return height and width of a picture once it is turned."""
    return (frame.width, frame.height) if _quarters(path, frame) % 2 else (frame.height, frame.width)


def _resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return mono ``samples`` at 16 kHz, by FFmpeg's resampler, without delay."""
    if rate == SAMPLE_RATE:
        return samples
    whole = AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    whole.sample_rate = rate
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces = [*resampler.resample(whole), *resampler.resample(None)]
    return np.concatenate([piece.to_ndarray()[0] for piece in pieces]).astype(np.float32, copy=False)
