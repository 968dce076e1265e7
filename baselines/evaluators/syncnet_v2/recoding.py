"""What the encoders on the way leave of pictures and speech.

The published pipelines write a clip to disk four times before SyncNet sees it: as MPEG-4 (or H.264) with MP3 (or AAC), as
JPEG files, the crops as MPEG-4 again, and those as JPEG files again. Every step loses something, so a score to be
compared with theirs takes the same steps here: through the encoders of FFmpeg, in this process, with the settings of its
command line. All encoders run in one thread: what FFmpeg writes depends on how many there are, and so on the machine.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS, SAMPLE_RATE, Frames
from syncbench.errors import ClipError

if TYPE_CHECKING:
    from av import AudioFrame, Packet, VideoCodecContext, VideoFrame, VideoStream

__all__ = [
    "AAC",
    "CROP_MPEG4",
    "FINE_JPEG",
    "FINE_MPEG4",
    "H264",
    "JPEG",
    "MP3",
    "SoundCoding",
    "VideoCoding",
    "jpeg_round_trip",
    "mono_16k",
    "sound_round_trip",
    "through_jpeg",
    "through_video",
    "upright",
]

_QSCALE_2 = (("qmin", "2"), ("qmax", "2"), ("lmin", "236"), ("lmax", "236"), ("i_qfactor", "-1"))
# What ``-qscale:v 2`` comes to: one quantiser, and one price of a bit (2 * 118), for every picture.


@dataclass(frozen=True, slots=True)
class VideoCoding:
    """A video encoder of FFmpeg.

    Attributes:
        encoder, decoder: their names.
        options: settings of the encoder, where they are not its default.
        bits: per pixel, where it is to keep a rate; 0 for its default.
        gop: pictures from one that stands alone to the next.
        pixels: format of its pictures.
        filled: whether FFmpeg fills the holes that a video has in time with pictures (into MP4) or leaves them (AVI).
    """

    encoder: str
    decoder: str
    options: tuple[tuple[str, str], ...] = ()
    bits: int = 0
    gop: int = 12
    pixels: str = "yuv420p"
    filled: bool = False


FINE_MPEG4 = VideoCoding("mpeg4", "mpeg4", _QSCALE_2)
"""``-qscale:v 2`` into AVI."""
H264 = VideoCoding("libx264", "h264", (("preset", "medium"), ("crf", "23")), gop=250, filled=True)
"""``-qscale:v 2`` into MP4: x264 does not know it, and keeps its default quality."""
CROP_MPEG4 = VideoCoding("mpeg4", "mpeg4", (("qmin", "3"),), bits=1)
"""OpenCV's ``VideoWriter`` with XVID or mp4v: a bit for a pixel, quantiser 3 at least."""
FINE_JPEG = VideoCoding("mjpeg", "mjpeg", _QSCALE_2, pixels="yuvj420p")
"""``-qscale:v 2 -f image2 %06d.jpg``."""
JPEG = VideoCoding("mjpeg", "mjpeg", pixels="yuvj420p")
"""``-f image2 %06d.jpg``: 200 kb/s, whose rate control runs through the clip, from 39 dB down to 31 dB or so."""


@dataclass(frozen=True, slots=True)
class SoundCoding:
    """A speech encoder of FFmpeg at its default rate, in the container that the pipelines put it into.

    Attributes:
        encoder, decoder: their names.
        rates: samples per second that it takes; another becomes the nearest.
        lead: samples of silence that it puts before the speech.
        kept: whether they stay there. MP4 says how many there are, so that they are cut off again. AVI does not: the
            speech stays late, and FFmpeg holds the first frame as much longer, in whole frames.
    """

    encoder: str
    decoder: str
    rates: tuple[int, ...]
    lead: int
    kept: bool

    def rate(self, rate: int) -> int:
        """Return the rate that speech of another rate is encoded at."""
        return min(self.rates, key=lambda known: abs(known - rate))

    def held(self, rate: int) -> int:
        """Return for how many frames more the first one is shown, where the speech has ``rate`` samples per second."""
        return -(-self.lead * FPS // self.rate(rate)) if self.kept else 0


MP3 = SoundCoding(
    "libmp3lame", "mp3float", (44100, 48000, 32000, 22050, 24000, 16000, 11025, 12000, 8000), lead=1105, kept=True
)
AAC = SoundCoding(
    "aac",
    "aac",
    (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350),
    lead=1024,
    kept=False,
)


def through_video(pictures: Iterable[VideoFrame], coding: VideoCoding) -> Iterator[VideoFrame]:
    """Yield upright pictures as they come back from a video encoder, in order, as many as went in."""
    import av

    decoder = av.CodecContext.create(coding.decoder, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    for packet in _encoded(pictures, coding):
        yield from decoder.decode(packet)
    yield from decoder.decode(None)


def through_jpeg(pictures: Iterable[VideoFrame], coding: VideoCoding = JPEG) -> Iterator[NDArray[np.uint8]]:
    """Yield decoded pictures as they come back from FFmpeg's JPEG files, uint8 ``[H, W, 3]``, RGB, turned upright.

    Pictures in studio range are first stretched with the integers that FFmpeg used until 7.0; newer releases round
    differently (0.4 grey levels on average).
    """
    from PIL import Image

    stretched = (_picture(_full_range(picture), coding.pixels) for picture in pictures)
    for packet in _encoded(stretched, coding):
        yield np.asarray(Image.open(io.BytesIO(bytes(packet))).convert("RGB"))


def jpeg_round_trip(pictures: Iterable[VideoFrame]) -> Frames:
    """Return decoded pictures as they come back from ``ffmpeg -f image2 %06d.jpg``, uint8 ``[T, H, W, 3]``, RGB."""
    return np.stack(list(through_jpeg(pictures)))


def upright(picture: VideoFrame) -> VideoFrame:
    """Return a decoded picture turned as its file asks, yuv420p in studio range, as FFmpeg gives it to a video encoder."""
    full = picture.format.name.startswith("yuvj") or int(picture.color_range) == 2
    plain = picture.reformat(format="yuv420p", dst_color_range="MPEG" if full else None)
    quarters = round(picture.rotation / 90) % 4
    return _picture([np.rot90(plane, quarters) for plane in _planes(plain)], "yuv420p") if quarters else plain


def _encoded(pictures: Iterable[VideoFrame], coding: VideoCoding) -> Iterator[Packet[VideoStream]]:
    """Yield what one encoder makes of all pictures."""
    encoder: VideoCodecContext | None = None
    for number, picture in enumerate(pictures):
        if encoder is None:
            encoder = _encoder(coding, picture.width, picture.height)
        if (picture.width, picture.height) != (encoder.width, encoder.height):
            raise ClipError(f"the picture changes size at frame {number}; encode it again at one size")
        picture.pts, picture.time_base = number, Fraction(1, FPS)
        picture.pict_type = 0  # the encoder chooses, whatever the picture was in its file
        yield from encoder.encode(picture)
    if encoder is not None:
        yield from encoder.encode(None)


def _encoder(coding: VideoCoding, width: int, height: int) -> VideoCodecContext:
    import av

    encoder = av.CodecContext.create(coding.encoder, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, coding.pixels
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.gop_size, encoder.thread_count = coding.gop, 1
    if coding.bits:
        encoder.bit_rate = coding.bits * FPS * width * height
    encoder.options = dict(coding.options) | (_steady() if coding.encoder == "libx264" else {})
    return encoder


def _steady() -> dict[str, str]:
    """Return x264's setting without AVX-512, with which it does not write the same bytes twice."""
    import torch

    return {"x264-params": "asm=avx2"} if torch.backends.cpu.get_cpu_capability() == "AVX512" else {}


def _full_range(picture: VideoFrame) -> list[NDArray[np.uint8]]:
    """Return the planes Y, U, V of a picture in full range, turned upright, colour at half size."""
    full = picture.format.name.startswith("yuvj") or int(picture.color_range) == 2
    planes = _planes(picture.reformat(format="yuvj420p" if full else "yuv420p"))
    if not full:
        luma, *chroma = planes
        planes = [_stretch(luma, 30189, 19077, 39057361, 14)]
        planes += [_stretch(plane, 30775, 4663, 9289992, 12) for plane in chroma]
    return [np.rot90(plane, round(picture.rotation / 90) % 4) for plane in planes]


def _stretch(plane: NDArray[np.uint8], top: int, gain: int, offset: int, shift: int) -> NDArray[np.uint8]:
    """Stretch studio range to full range in 15-bit integers, as libswscale 6 and older do."""
    levels = np.arange(256)
    wide = (np.minimum(levels << 7, top) * gain - offset) >> shift
    table: NDArray[np.uint8] = ((wide + 64) >> 7).clip(0, 255).astype(np.uint8)
    return np.take(table, plane)


def _planes(picture: VideoFrame) -> list[NDArray[np.uint8]]:
    """Return the planes of a planar 8-bit picture."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in picture.planes
    ]


def _picture(planes: list[NDArray[np.uint8]], pixels: str) -> VideoFrame:
    """Return planes Y, U, V as a picture."""
    import av

    height, width = planes[0].shape
    picture = av.VideoFrame(width, height, pixels)
    for plane, values in zip(picture.planes, planes, strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : plane.width] = values
        plane.update(padded.tobytes())
    return picture


def sound_round_trip(samples: NDArray[np.float32], rate: int, coding: SoundCoding) -> tuple[NDArray[np.float32], int]:
    """Return sound, float32 ``[channels, N]``, as it comes back from an encoder, and its samples per second.

    More than two channels become two, as in FFmpeg.
    """
    import av

    layout, coded = "mono" if len(samples) == 1 else "stereo", coding.rate(rate)
    encoder, decoder = av.CodecContext.create(coding.encoder, "w"), av.CodecContext.create(coding.decoder, "r")
    assert isinstance(encoder, av.AudioCodecContext)
    assert isinstance(decoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.format = coded, av.AudioFormat("fltp")
    encoder.layout, encoder.time_base = av.AudioLayout(layout), Fraction(1, coded)
    encoder.open()
    decoder.extradata = encoder.extradata
    resampler = av.AudioResampler("fltp", layout, coded, frame_size=encoder.frame_size)
    frames = [part for frame in (_sound(samples, rate), None) for part in resampler.resample(frame)]
    packets = [packet for frame in [*frames, None] for packet in encoder.encode(frame)]
    bare = [av.Packet(bytes(packet)) for packet in packets]  # without the note how much of them to cut off
    parts = [part.to_ndarray() for packet in [*bare, None] for part in decoder.decode(packet)]
    back = np.concatenate(parts, axis=1).astype(np.float32, copy=False)
    return (back if coding.kept else back[:, coding.lead :]), coded


def mono_16k(samples: NDArray[np.float32], rate: int) -> NDArray[np.int16]:
    """Return sound, float32 ``[channels, N]``, as ``ffmpeg -ac 1 -ar 16000 -acodec pcm_s16le`` writes it, int16 ``[M]``."""
    import av

    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    parts = [part.to_ndarray()[0] for frame in (_sound(samples, rate), None) for part in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.int16, copy=False)


def _sound(samples: NDArray[np.float32], rate: int) -> AudioFrame:
    import av

    layouts = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
    if len(samples) not in layouts:
        raise ClipError(f"the speech has {len(samples)} channels; mix it down to one or two")
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layouts[len(samples)])
    frame.sample_rate, frame.pts = rate, 0
    return frame
