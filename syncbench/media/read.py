"""Reading video and speech.

What comes out is always the same: frames uint8 ``[T, H, W, 3]`` RGB at 25 per second, speech float32 ``[N]``
at 16 kHz mono. What the files hold may differ from that in many ways; the rules are:

- **Time zero** of a file is the first presented frame of its video, or the first sample where there is no video. An
  audio track that starts later is padded with silence, one that starts earlier is cut: sample 0 belongs to frame 0.
- **25 fps by presentation time.** A frame is shown from its own timestamp, rounded to the nearest 1/25 s, until that of
  the next; the last one lasts as long as the file says. This is what FFmpeg's ``fps`` filter does by default, for
  constant and variable rates alike. A file that is at 25 fps comes back frame by frame.
  AVI and ASF (``.wmv``) store no presentation times, only an order: there the n-th frame shown has the n-th time.
- **Pixels** are the stored ones: turned and mirrored as the file asks (multiples of 90 degrees), not stretched to square
  pixels, converted to RGB as FFmpeg does, from all the bits there are.
- **Several streams:** FFmpeg's choice is taken: of video the largest picture, of audio the most channels, and before
  these what is marked as default. Cover art is no video. ``Headers.remarks`` says which one it was.
- **Channels** are mixed as FFmpeg mixes them down to 16 bit: two are averaged. Where they cancel out, that is an error.
- **A folder of frames** (numbered ``.png`` or ``.jpg``) is a video at 25 fps, in the order of the numbers.
- **A file cut short** is an error, not a short clip: where the index of the file points past its end, or a Matroska or
  AVI header promises over a tenth of a second more than is there, the message says how many frames are left. MPEG streams
  promise nothing, so what is there is read.

Every failure is one ``ClipError`` line: the file, what is wrong, what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from syncbench.clip import FPS, SAMPLE_RATE, Frames, Waveform
from syncbench.errors import ClipError
from syncbench.media import stills, times
from syncbench.media.container import audio_stream, opened, sounds, video_stream
from syncbench.media.footage import HELD_BYTES, Footage
from syncbench.media.picture import Converter
from syncbench.media.sound import Resampler, energy, float_format, floats, mix

__all__ = ["MAX_BYTES", "count_frames", "open_footage", "read_frames", "read_pictures", "read_sound", "read_speech"]

MAX_BYTES = 4 << 30
"""Speech that would take more memory than this once decoded is an error that says to cut it."""

_GAP = 0.1  # seconds between audio timestamps and samples so far that count as a hole and not as jitter

_SMALL = 4 << 20  # bytes of a file that is decoded without a look at how long it will be: the look would cost a tenth

_BLOCK = 1 << 14  # samples that are mixed and resampled at once, at least: one by one, packets cost twice the time

_SILENT = 1e-8  # mean square of channels that count as silent: -80 dB of full scale
_CANCELLED = 0.01  # of the channels' own energy: where less is left in their mean, they cancel out


def open_footage(path: Path, start: float = 0.0, end: float | None = None) -> Footage:
    """Return the frames of a video file between ``start`` and ``end``, uint8 ``[T, H, W, 3]`` RGB at 25 fps.

    The file is decoded once to count them (headers are not to be trusted), and again in pieces for each pass over them
    where they are too many to be kept.

    Args:
        path: any file FFmpeg reads, or a folder of frames.
        start, end: seconds from the first frame; ``end`` None means to the end. Frame ``n`` of the result is the one
            shown at ``start + n / 25``. A span that ends after the file does is given as far as it goes.

    Raises:
        ClipError: unreadable, cut short, no video, a picture that changes size, or no frame in the span.
    """
    size: tuple[int, int] | None = None
    held: list[Frames] | None = []
    count = room = 0
    shown: VideoFrame | None = None
    rgb = Converter(path)
    for frame in read_pictures(path, start, end):
        if frame is not shown:
            here = rgb.size(frame)
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
            held.append(held[-1] if frame is shown else rgb(frame))
        shown = frame
    assert size is not None
    if held is not None:
        return Footage.of(np.stack(held))
    return Footage((count, *size, 3), lambda: _pieces(path, start, end), str(path))


def _pieces(path: Path, start: float, end: float | None) -> Iterator[Frames]:
    shown: VideoFrame | None = None
    picture = np.zeros((0, 0, 3), np.uint8)
    rgb = Converter(path)
    for frame in read_pictures(path, start, end):
        if frame is not shown:
            picture, shown = rgb(frame), frame
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
    less than asked for. Beside the result itself, little memory is taken.

    Raises:
        ClipError: unreadable, cut short, no audio, no sample in the span, or channels that cancel out in it.
    """
    _check_span(path, start, end)
    first, last = round(start * SAMPLE_RATE), None if end is None else round(end * SAMPLE_RATE)
    found = bytearray()
    resampler: Resampler | None = None
    made = heard = 0  # samples at 16 kHz, and at the file's own rate
    rate = SAMPLE_RATE
    mean, own = 0.0, 0.0  # energies in the span
    for samples, layout, rate in _blocks(path):
        if not np.isfinite(samples).all():
            raise ClipError(f"{path}: the audio holds values that are no numbers; fetch or encode it again")
        resampler = resampler or Resampler(rate)
        mono = mix(samples, layout)
        if len(samples) > 1:
            inside = slice(
                max(0, round(start * rate) - heard), None if end is None else max(0, round(end * rate) - heard)
            )
            mean += float(np.dot(mono[inside], mono[inside]))
            own += energy(samples[:, inside], layout)
        heard += len(mono)
        for piece in resampler(mono):
            made += _keep(found, piece, made, first, last)
        if last is not None and made >= last:
            break
        if len(found) > MAX_BYTES:
            raise _too_large(path)
    if resampler is not None and (last is None or made < last):
        for piece in resampler.finish():
            made += _keep(found, piece, made, first, last)
    if not found:
        raise ClipError(f"{path}: the audio ends at {heard / rate:.2f} s, before {start:.2f} s; check the span")
    if mean < _CANCELLED * own and own > _SILENT * len(found) / 4 * rate / SAMPLE_RATE:
        until = heard / rate if end is None else min(end, heard / rate)
        raise ClipError(
            f"{path}: the channels cancel out from {start:.2f} s to {until:.2f} s (one is the other upside down): their"
            " mean is silent; give the speech of one channel as a separate file"
        )
    return np.frombuffer(found, np.float32)


def read_sound(path: Path, start: float = 0.0, end: float | None = None) -> tuple[NDArray[np.float32], int]:
    """Return the same as it is stored: float32 ``[channels, N]`` and how many samples there are in a second.

    Raises ClipError as :func:`read_speech`, and where the number of channels changes.
    """
    _check_span(path, start, end)
    pieces: list[NDArray[np.float32]] = []
    rate = heard = 0
    for samples, _, rate in _channels(path):
        pieces.append(samples)
        heard += samples.shape[1]
        if end is not None and heard > end * rate:
            break
        if sum(piece.nbytes for piece in pieces) > MAX_BYTES:
            raise _too_large(path)
    channels = max(len(piece) for piece in pieces)
    if any(len(piece) not in (1, channels) for piece in pieces):
        raise ClipError(f"{path}: the number of channels changes; encode it again")
    whole = np.concatenate([np.broadcast_to(piece, (channels, piece.shape[1])) for piece in pieces], axis=1)
    whole = whole[:, round(start * rate) : None if end is None else round(end * rate)]
    if not np.isfinite(whole).all():
        raise ClipError(f"{path}: the audio holds values that are no numbers; fetch or encode it again")
    if not whole.size:
        raise ClipError(f"{path}: the audio ends at {heard / rate:.2f} s, before {start:.2f} s; check the span")
    return whole, rate


def _keep(found: bytearray, piece: NDArray[np.float32], at: int, first: int, last: int | None) -> int:
    """Add to ``found`` what of ``piece``, which begins at sample ``at``, is in the span; return its whole length."""
    found += piece[max(0, first - at) : None if last is None else max(0, last - at)].tobytes()
    return len(piece)


def _blocks(path: Path) -> Iterator[tuple[NDArray[np.float32], str, int]]:
    """Yield what :func:`_channels` does, more at a time."""
    gathered: list[NDArray[np.float32]] = []
    form: tuple[str, int] = "", 0
    for samples, layout, rate in _channels(path):
        if gathered and ((layout, rate) != form or sum(part.shape[1] for part in gathered) > _BLOCK):
            yield np.concatenate(gathered, axis=1), form[0], form[1]
            gathered = []
        form = layout, rate
        gathered.append(samples)
    yield np.concatenate(gathered, axis=1), form[0], form[1]


def _channels(path: Path) -> Iterator[tuple[NDArray[np.float32], str, int]]:
    """Yield the sound as decoded, from time zero on without a gap: samples ``[channels, N]``, their layout and rate."""
    if path.is_dir():
        raise ClipError(f"{path}: a folder of frames has no sound; put {path.name}.wav beside it")
    zero = _video_zero(path)
    rate = written = 0
    with opened(path) as container:
        stream = audio_stream(path, container)
        if stream is None:
            raise ClipError(f"{path}: no audio stream; give the speech as a separate file")
        to_float, form = av.AudioResampler(), ("", "")
        for frame in sounds(container, stream):
            rate = rate or frame.sample_rate
            if frame.sample_rate != rate:
                raise ClipError(f"{path}: the sample rate changes from {rate} to {frame.sample_rate}; encode it again")
            time = frame.time
            if zero is None:
                zero = time or 0.0
            at = written if time is None else round((time - zero) * rate)
            if (frame.format.name, frame.layout.name) != form:  # a broadcast may change from mono to stereo
                form = frame.format.name, frame.layout.name
                to_float = av.AudioResampler(format=float_format(frame.layout))
            samples = floats(*to_float.resample(frame))
            if written == 0 and at < 0:
                samples = samples[:, -at:]
            elif at > written and (written == 0 or at - written > _GAP * rate):
                if (at - written) * 4 > MAX_BYTES:
                    raise _too_large(path)
                yield np.zeros((1, at - written), np.float32), "mono", rate
                written = at
            if samples.size:
                yield samples, frame.layout.name, rate
                written += samples.shape[1]
    if not written:
        raise ClipError(f"{path}: the audio stream holds no sample from the first video frame on; encode it again")


def _video_zero(path: Path) -> float | None:
    """Return when the first video frame of ``path`` is presented; None where it has no video."""
    with opened(path) as container:
        stream = video_stream(path, container)
        if stream is None:
            return None
        for _, time, _ in times.presented(path, container, stream):
            return time
    raise _no_frame(path)


def _presented(path: Path) -> Iterator[tuple[VideoFrame, float, float]]:
    """Yield every frame of a file, or of a folder of frames: with when it is shown, and for how long, in seconds."""
    if path.is_dir():
        yield from stills.presented(path)
        return
    with opened(path) as container:
        stream = video_stream(path, container)
        if stream is None:
            raise ClipError(f"{path}: no video stream; give a video file")
        yield from times.presented(path, container, stream)


def read_pictures(path: Path, start: float = 0.0, end: float | None = None) -> Iterator[VideoFrame]:
    """Yield the decoded picture shown at ``start``, ``start + 1/25``, ...: one for each frame of ``read_frames``.

    Not yet turned, nor converted to RGB; the same object again where it is shown longer.
    """
    _check_span(path, start, end)
    limit = None if end is None else round((end - start) * FPS)
    count = 0
    zero: float | None = None
    over = 0.0  # when the last frame decoded is no longer shown, from the first one on
    time = 0.0
    shown: VideoFrame | None = None
    for frame, begin, lasts in _presented(path):
        zero = begin if zero is None else zero
        time, over = begin - zero, begin - zero + lasts
        slot = _slot(time - start)  # from this frame of the result on it is the one to show
        while shown is not None and count < slot and (limit is None or count < limit):
            yield shown
            count += 1
        if limit is not None and count >= limit:
            return
        shown = frame
    if shown is None:
        raise _no_frame(path)
    finish = max(_slot(over - start), int(time >= start))
    while count < (finish if limit is None else min(finish, limit)):
        yield shown
        count += 1
    if not count:
        raise ClipError(f"{path}: the video ends at {over:.2f} s, before {start:.2f} s")


def _no_frame(path: Path) -> ClipError:
    return ClipError(f"{path}: the video stream holds no frame that can be decoded; encode it again")


def _slot(seconds: float) -> int:
    """Return the nearest frame number at 25 fps, halves up (floats a hair below a half count as one)."""
    return int(np.floor(seconds * FPS + 0.5 + 1e-6))


def _expected(path: Path, start: float, end: float | None) -> float:
    """Return how many frames the headers promise; 0 where they promise nothing, or the file is too small to look."""
    if path.is_dir():
        return len(stills.stills(path))
    if path.stat().st_size < _SMALL:
        return 0
    with opened(path) as container:
        seconds = (container.duration or 0) / av.time_base
    return ((seconds if end is None else min(seconds, end)) - start) * FPS


def _check_span(path: Path, start: float, end: float | None) -> None:
    if start < 0 or (end is not None and end <= start):
        raise ClipError(f"{path}: a clip cannot run from {start} s to {end} s; check the span")


def _too_large(path: Path) -> ClipError:
    return ClipError(f"{path}: takes over {MAX_BYTES >> 30} GiB once decoded; cut it into shorter clips")
