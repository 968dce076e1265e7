"""Reading and writing video and speech: the only module that opens media files.

What comes out is what the contracts promise: frames uint8 ``[T, H, W, 3]`` RGB at 25 per second, speech float32 ``[N]``
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

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.error
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from .contracts import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Clip, Frames, Speech
from .errors import ClipError, CommandError

__all__ = [
    "MAX_BYTES",
    "Probe",
    "clip_frames",
    "clip_pictures",
    "clip_speech",
    "count_frames",
    "probe",
    "read_frames",
    "read_speech",
    "write_lossless",
    "write_video",
    "write_wav",
]

MAX_BYTES = 4 << 30
"""A clip that would take more memory than this once decoded is an error that says to cut it."""

_GAP = 0.1  # seconds between audio timestamps and samples so far that count as a hole and not as jitter

_MISSING = 0.1  # seconds between the end of the data and the end in the header that count as a file cut short


def clip_frames(clip: Clip) -> Frames:
    """Return the frames of ``clip``, uint8 ``[T, H, W, 3]``. Raises ClipError where they cannot be read."""
    if clip.video is None:
        raise ClipError(f"{clip.id}: the clip has no video, only speech")
    return read_frames(clip.video, clip.start, clip.end)


def clip_pictures(clip: Clip) -> Iterator[VideoFrame]:
    """Yield the decoded pictures behind ``clip_frames``, one per frame: not yet turned, nor converted to RGB."""
    if clip.video is None:
        raise ClipError(f"{clip.id}: the clip has no video, only speech")
    return _grid(clip.video, clip.start, clip.end)


def clip_speech(clip: Clip, frames: int | None = None) -> Speech:
    """Return the speech of ``clip``, float32 ``[frames * 640]``, cut or padded with zeros.

    ``frames`` is the length where the caller knows it. Otherwise the video is counted; a clip without video has as many
    frames as fit whole into its speech (``N // 640``). Raises ClipError where there is no speech to read.
    """
    source = clip.audio or clip.video
    if source is None:
        raise ClipError(f"{clip.id}: the clip has neither audio nor video")
    begin = clip.start if clip.audio_start is None else clip.audio_start
    if frames is None and clip.video is not None:
        frames = count_frames(clip.video, clip.start, clip.end)
    if frames is not None:
        end: float | None = begin + frames / FPS
    else:
        end = None if clip.end is None else begin + clip.end - clip.start
    speech = read_speech(source, begin, end)
    if frames is None:
        frames = len(speech) // SAMPLES_PER_FRAME
    wanted = frames * SAMPLES_PER_FRAME
    return np.pad(speech[:wanted], (0, max(0, wanted - len(speech))))


def read_frames(path: Path, start: float = 0.0, end: float | None = None) -> Frames:
    """Return the frames of a video file between ``start`` and ``end``, uint8 ``[T, H, W, 3]`` RGB at 25 fps.

    Args:
        path: any file FFmpeg reads; the first video stream is taken.
        start, end: seconds from the first frame; ``end`` None means to the end. Frame ``n`` of the result is the one
            shown at ``start + n / 25``. A span that ends after the file does is given as far as it goes.

    Raises:
        ClipError: unreadable, cut short, no video, no frame in the span, or more than ``MAX_BYTES``.
    """
    pictures: list[NDArray[np.uint8]] = []
    shown: VideoFrame | None = None
    for frame in _grid(path, start, end):
        picture = pictures[-1] if frame is shown else _rgb(path, frame)
        shown = frame
        if pictures and picture.shape != pictures[0].shape:
            raise ClipError(
                f"{path}: the picture changes size from {_size(pictures[0])} to {_size(picture)}"
                f" at frame {len(pictures)}; encode it again at one size"
            )
        pictures.append(picture)
        if len(pictures) * picture.nbytes > MAX_BYTES:
            raise _too_large(path)
    return np.stack(pictures)


def count_frames(path: Path, start: float = 0.0, end: float | None = None) -> int:
    """Return how many frames ``read_frames`` would give. The file is decoded: headers are not to be trusted."""
    return sum(1 for _ in _grid(path, start, end))


def read_speech(path: Path, start: float = 0.0, end: float | None = None) -> Speech:
    """Return the speech of a video or audio file between ``start`` and ``end``, float32 ``[N]``, 16 kHz mono.

    Sample 0 is at ``start`` seconds after the first video frame of the same file (after its first sample, where it has
    no video). What lies before the audio track begins is silence; what lies after it ends is left out, so ``N`` may be
    less than asked for.

    Raises:
        ClipError: unreadable, cut short, no audio, or no sample in the span.
    """
    _check_span(path, start, end)
    zero = _video_zero(path)
    pieces: list[NDArray[np.float32]] = []  # mono, at the file's own rate, from time zero on
    rate = written = 0
    with _opened(path) as container:
        stream = _audio_stream(path, container)
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
            samples = np.concatenate([f.to_ndarray().mean(axis=0, dtype=np.float32) for f in to_float.resample(frame)])
            if written == 0 and at < 0:
                samples = samples[-at:]
            elif at > written and (written == 0 or at - written > _GAP * rate):
                if (at - written) * 4 > MAX_BYTES:
                    raise _too_large(path)
                pieces.append(np.zeros(at - written, np.float32))
                written = at
            pieces.append(samples)
            written += len(samples)
            if end is not None and written > (end + 1) * rate:  # a second more, for the resampler's filter
                break
            if written * 4 > MAX_BYTES:
                raise _too_large(path)
    if not written:
        raise ClipError(f"{path}: the audio stream holds no sample from the first video frame on; encode it again")
    samples = np.concatenate(pieces)
    if not np.isfinite(samples).all():
        raise ClipError(f"{path}: the audio holds values that are no numbers; fetch or encode it again")
    speech = _resampled(samples, rate)
    speech = speech[round(start * SAMPLE_RATE) : None if end is None else round(end * SAMPLE_RATE)]
    if not len(speech):
        raise ClipError(f"{path}: the audio ends at {written / rate:.2f} s, before {start:.2f} s; check the span")
    return speech


@dataclass(frozen=True, slots=True)
class Probe:
    """What the headers of a media file say, without decoding it.

    Attributes:
        width, height: of the first video stream as stored; 0 without one.
        fps: its average rate; 0 where unknown.
        seconds: of the whole file; 0 where unknown.
        sample_rate, channels: of the first audio stream; 0 without one.
    """

    width: int
    height: int
    fps: float
    seconds: float
    sample_rate: int
    channels: int


def probe(path: Path) -> Probe:
    """Return what the headers of ``path`` say. Raises ClipError where it is unreadable or visibly cut short."""
    with _opened(path) as container:
        video = _video_stream(path, container)
        audio = _audio_stream(path, container)
        return Probe(
            width=video.codec_context.width if video else 0,
            height=video.codec_context.height if video else 0,
            fps=float(video.average_rate or 0) if video else 0.0,
            seconds=(container.duration or 0) / av.time_base,
            sample_rate=audio.codec_context.sample_rate if audio else 0,
            channels=audio.codec_context.layout.nb_channels if audio else 0,
        )


def write_video(path: Path, frames: Frames, speech: Speech | None = None) -> Path:
    """Write an mp4 at 25 fps and return its path: H.264 at CRF 12 and, where ``speech`` is given, AAC.

    Args:
        path: its folder must exist. The file appears only when it is complete.
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


def write_lossless(path: Path, frames: Frames, speech: Speech | None = None) -> Path:
    """Write a Matroska file (``.mkv``) that reads back exactly, and return its path: RGB and float PCM.

    Arguments and errors as for ``write_video``.
    """
    return _write(path, frames, speech, "matroska", "ffv1", "bgr0", {}, "pcm_f32le")


def write_wav(path: Path, speech: Speech) -> Path:
    """Write ``speech``, float32 ``[N]`` at 16 kHz, as a 16-bit wav file, and return its path.

    The file appears only when it is complete. Values outside -1..1 are clipped. Raises CommandError where it cannot be
    written.
    """
    with _replacing(path) as temporary:
        soundfile.write(temporary, speech, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    return path


# Reading


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """Open ``path``; whatever FFmpeg says against it, then or while decoding, becomes a ClipError."""
    try:
        if path.stat().st_size == 0:
            raise ClipError(f"{path}: the file is empty (0 bytes); fetch or make it again")
        with av.open(str(path), metadata_errors="ignore") as container:
            yield container
    except FileNotFoundError as e:
        raise ClipError(f"{path}: no such file") from e
    except av.error.FFmpegError as e:
        reason = (e.strerror or type(e).__name__).lower()
        raise ClipError(f"{path}: not a readable media file ({reason}); fetch or encode it again") from e
    except OSError as e:
        raise ClipError(f"{path}: cannot be read ({e.strerror})") from e


def _video_stream(path: Path, container: InputContainer) -> av.VideoStream | None:
    """Return the first video stream that is not cover art, ready to decode; None where there is none."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            _prepare(path, container, stream)
            return stream
    return None


def _audio_stream(path: Path, container: InputContainer) -> av.AudioStream | None:
    """Return the first audio stream, ready to decode; None where there is none."""
    for stream in container.streams.audio:
        _prepare(path, container, stream)
        return stream
    return None


def _prepare(path: Path, container: InputContainer, stream: av.VideoStream | av.AudioStream) -> None:
    """Complain where a stream cannot be decoded whole, by its headers; one thread decodes it."""
    context: object = stream.codec_context  # None where FFmpeg knows no decoder
    if context is None:
        raise ClipError(f"{path}: its {stream.type} is damaged or of an unknown format; fetch or encode it again")
    stream.codec_context.thread_count = 1
    _check_whole(path, container, stream)


def _video_zero(path: Path) -> float | None:
    """Return when the first video frame of ``path`` is presented; None where it has no video."""
    with _opened(path) as container:
        stream = _video_stream(path, container)
        if stream is None:
            return None
        for frame in container.decode(stream):
            return frame.time or 0.0
    raise ClipError(f"{path}: the video stream holds no frame that can be decoded; encode it again")


def _grid(path: Path, start: float, end: float | None) -> Iterator[VideoFrame]:
    """Yield the frame shown at ``start``, ``start + 1/25``, ...: the same object again where it is shown longer."""
    _check_span(path, start, end)
    limit = None if end is None else round((end - start) * FPS)
    with _opened(path) as container:
        stream = _video_stream(path, container)
        if stream is None:
            raise ClipError(f"{path}: no video stream; give a video file")
        _check_size(path, container, stream, start, end)
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
            raise _cut_short(path, f"{decoded} frames are left, the last {missing:.1f} s are missing")


def _check_whole(path: Path, container: InputContainer, stream: Stream) -> None:
    """Complain where the file's index (mp4, mov, avi) points past its end."""
    size = container.size
    if not container.format.name.startswith(("mov", "avi")) or size <= 0:
        return
    entries = list(stream.index_entries)
    there = sum(entry.pos + entry.size <= size for entry in entries)
    if there < len(entries):
        of = "frames" if stream.type == "video" else "packets of sound"
        raise _cut_short(path, f"{there} of {len(entries)} {of} are there")


def _check_size(path: Path, container: InputContainer, stream: av.VideoStream, start: float, end: float | None) -> None:
    """Complain before decoding where the frames would not fit into ``MAX_BYTES``, going by the headers."""
    seconds = (container.duration or 0) / av.time_base
    seconds = (seconds if end is None else min(seconds, end)) - start
    if seconds * FPS * stream.codec_context.width * stream.codec_context.height * 3 > MAX_BYTES:
        raise _too_large(path)


def _check_span(path: Path, start: float, end: float | None) -> None:
    if start < 0 or (end is not None and end <= start):
        raise ClipError(f"{path}: a clip cannot run from {start} s to {end} s; check the span")


def _too_large(path: Path) -> ClipError:
    return ClipError(f"{path}: takes over {MAX_BYTES >> 30} GiB once decoded; cut it into shorter clips")


def _cut_short(path: Path, what: str) -> ClipError:
    return ClipError(f"{path}: the file is cut short: {what}; fetch or make it again")


def _rgb(path: Path, frame: VideoFrame) -> NDArray[np.uint8]:
    """Return one frame as uint8 ``[H, W, 3]``, turned as the file asks."""
    quarters, rest = divmod(frame.rotation, 90)
    if rest:
        raise ClipError(f"{path}: the picture is to be turned by {frame.rotation} degrees; encode it upright")
    # More threads would be made and ended for each frame: for small pictures a hundred times the work.
    picture = frame.to_ndarray(format="rgb24", threads=1).astype(np.uint8, copy=False)
    return np.rot90(picture, quarters % 4) if quarters % 4 else picture


def _resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return mono ``samples`` at 16 kHz, by FFmpeg's resampler, without delay."""
    if rate == SAMPLE_RATE:
        return samples
    whole = AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    whole.sample_rate = rate
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces = [*resampler.resample(whole), *resampler.resample(None)]
    return np.concatenate([piece.to_ndarray()[0] for piece in pieces]).astype(np.float32, copy=False)


def _size(picture: NDArray[np.uint8]) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"


# Writing


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path`` and rename it at the end, so that a half-written file is never seen."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except (OSError, soundfile.LibsndfileError) as e:
        reason = getattr(e, "strerror", None) or str(e)
        raise CommandError(f"{path}: cannot be written ({reason}); choose another folder or free some space") from e
    finally:
        temporary.unlink(missing_ok=True)


def _write(
    path: Path,
    frames: Frames,
    speech: Speech | None,
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
    with _replacing(path) as temporary, av.open(str(temporary), "w", format=container_format) as container:
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
