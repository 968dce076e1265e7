"""What FFmpeg's own program gives, we give: held against it on files that it writes, of many kinds.

Ours differs in what ``syncbench.media.read`` says: time zero is the first frame shown.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from syncbench import media

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="ffmpeg is not on PATH: install it, and reading is held against it"
)

# Every frame of another grey, and no two corners alike.
PICTURE = "geq=lum='mod(N*37,190)+20+X/4+Y/3':cb=90+X:cr=100+Y"


def ffmpeg(*arguments):
    done = subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], capture_output=True, check=False)
    assert not done.returncode, done.stderr.decode()
    return done.stdout


@cache
def encoders():
    return ffmpeg("-encoders").decode().split()


def frames_by_ffmpeg(path, shape, filters="setpts=PTS-STARTPTS,fps=25", *options):
    """Frames of FFmpeg's own route, at our time zero."""
    raw = ffmpeg(
        "-i", path, *options, "-vf", filters, "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"
    )
    return np.frombuffer(raw, np.uint8).reshape(-1, *shape)


def speech_by_ffmpeg(path, *options):
    raw = ffmpeg("-i", path, *options, "-ac", 1, "-ar", 16_000, "-f", "s16le", "-")
    return np.frombuffer(raw, "<i2") / np.float32(32768)


def same_frames(path, filters="setpts=PTS-STARTPTS,fps=25", *options):
    ours = media.read_frames(path)
    theirs = frames_by_ffmpeg(path, ours.shape[1:], filters, *options)
    assert len(ours) == len(theirs) == media.count_frames(path)
    difference = np.abs(ours.astype(int) - theirs).mean(axis=(1, 2, 3))
    assert difference.max() < 0.5, np.flatnonzero(difference >= 0.5)  # a frame further on differs by tens
    return ours


@dataclass(frozen=True)
class Kind:
    suffix: str
    video: str
    sound: str = "aac"
    pixels: str = "yuv420p"
    options: tuple[str, ...] = ()


H264 = ("-preset", "veryfast", "-g", "12", "-bf", "2")
KINDS = [
    Kind("mp4", "libx264", options=H264),
    Kind("mp4", "libx265", options=("-preset", "ultrafast", "-x265-params", "log-level=none")),
    Kind("mp4", "mpeg4", options=("-bf", "2")),
    Kind("mov", "libx264", options=H264),
    Kind("mov", "mjpeg", "pcm_s16le", "yuvj420p"),
    Kind("mov", "prores_ks", "pcm_s16le", "yuv422p10le"),
    Kind("m4v", "libx264", options=H264),
    Kind("mkv", "libx264", options=H264),
    Kind("mkv", "libvpx", "libvorbis"),
    Kind("mkv", "ffv1", "pcm_s16le", "yuv420p10le"),
    Kind("mkv", "wmv2", "flac"),
    Kind("webm", "libvpx-vp9", "libopus", options=("-cpu-used", "8")),
    Kind("avi", "libx264", "libmp3lame", options=H264),
    Kind("avi", "mpeg4", "pcm_s16le", options=("-vtag", "XVID")),
    Kind("avi", "mpeg4", "libmp3lame", options=("-vtag", "XVID", "-bf", "2")),
    Kind("avi", "mjpeg", "pcm_s16le", "yuvj420p"),
    Kind("mpg", "mpeg1video", "mp2", options=("-bf", "2")),
    Kind("mpg", "mpeg2video", "mp2", options=("-bf", "2")),
    Kind("ts", "libx264", options=H264),
    Kind("mts", "mpeg2video", "ac3", options=("-bf", "2", "-flags", "+ilme+ildct")),
    Kind("m2ts", "libx264", "ac3", options=(*H264, "-x264-params", "interlaced=1")),
    Kind("flv", "flv", "libmp3lame", options=("-ar", "44100")),
    Kind("flv", "libx264", options=H264),
    Kind("wmv", "wmv2", "wmav2"),
    Kind("3gp", "mpeg4", options=("-bf", "0")),
    Kind("gif", "gif", "", "rgb8"),
]
TIMES = {  # rate, what is done to the frames' times
    "25": ("25", ()),
    "29.97": ("30000/1001", ()),
    "late": ("50", ("-vf", "setpts=PTS+0.3/TB", "-vsync", "vfr")),
}


def write(path, kind, rate="25", *options):
    video = f"color=s=64x48:r={rate}:d=0.8,format=yuv444p,{PICTURE}"
    sound = ("-f", "lavfi", "-i", "anoisesrc=d=0.8:r=48000:a=0.3:seed=1", "-c:a", kind.sound) if kind.sound else ()
    ffmpeg(
        "-f", "lavfi", "-i", video, *sound, "-pix_fmt", kind.pixels, "-c:v", kind.video, "-threads", 1, *kind.options,
        *options, path,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join((kind.suffix, kind.video, *kind.options)))
def test_every_kind_of_file(tmp_path, kind, times):
    if missing := {kind.video, kind.sound or kind.video} - {*encoders()}:
        pytest.skip(f"this ffmpeg has no {' '.join(missing)}")
    rate, options = TIMES[times]
    path = write(tmp_path / f"a.{kind.suffix}", kind, rate, *options)
    frames = same_frames(path)
    assert len(frames) >= 19
    if kind.sound and times == "late":
        heard, theirs, late = media.read_speech(path), speech_by_ffmpeg(path), round(begins(path) * 16_000)
        heard, theirs = heard[max(0, late) :], theirs[max(0, -late) :]
        assert abs(len(heard) - len(theirs)) <= 16  # times are rounded to milliseconds in some
        assert abs(lag(heard, theirs)) <= 16


def begins(path):
    """How much later the sound of a file begins than its video: by the times of their first frames."""
    return first(path, "a") - first(path, "v")


def first(path, stream):
    decoding = path.suffix in (".avi", ".wmv") and stream == "v"  # there is no other time
    what = "packet=dts_time" if decoding else "frame=best_effort_timestamp_time"
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", f"{stream}:0", "-show_entries", what, "-of", "csv=p=0", str(path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return float(shown.split()[0].strip(","))


def lag(a, b):
    """By how many samples ``a`` comes after ``b``, at most 40 either way."""
    length = min(len(a), len(b)) - 80
    return int(np.argmax([np.dot(a[40 + n : 40 + n + length], b[40 : 40 + length]) for n in range(-40, 41)])) - 40


def turned(path, matrix):
    """Write another display matrix, [[a, b], [c, d]], into an mp4 or mov whose first track is video."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    (a, b), (c, d) = matrix
    data[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "matrix",
    [((a, 0), (0, d)) for a in (1, -1) for d in (1, -1)] + [((0, b), (c, 0)) for b in (1, -1) for c in (1, -1)],
)
def test_turns_and_flips(tmp_path, matrix):
    path = write(tmp_path / "a.mov", KINDS[0])
    turned(path, matrix)
    assert same_frames(path).shape[1:3] == ((48, 64) if matrix[0][0] else (64, 48))


def test_a_cut_without_encoding_keeps_its_edit_list(tmp_path):
    whole = write(tmp_path / "a.mp4", KINDS[0])
    for suffix in ("mp4", "mov", "mkv", "ts"):
        cut = tmp_path / f"cut.{suffix}"
        ffmpeg("-ss", 0.52, "-i", whole, "-c", "copy", cut)
        same_frames(cut)


def test_times_far_from_zero(tmp_path):
    whole = write(tmp_path / "a.mp4", KINDS[0])
    for name, offset in (("b.mp4", 5), ("b.mkv", 3600), ("b.ts", 95_443.2)):  # the last runs over what 33 bits hold
        ffmpeg("-i", whole, "-c", "copy", "-output_ts_offset", offset, tmp_path / name)
        same_frames(tmp_path / name)


def test_joined_streams_go_on(tmp_path):
    for kind in (Kind("ts", "libx264", options=H264), Kind("mpg", "mpeg2video", "mp2")):
        path = write(tmp_path / f"a.{kind.suffix}", kind)
        twice = tmp_path / f"twice.{kind.suffix}"
        twice.write_bytes(path.read_bytes() * 2)
        assert len(same_frames(twice)) >= 40
        assert len(media.read_speech(twice)) > 1.5 * 16_000


def test_joined_streams_may_change_their_channels(tmp_path):
    path = write(tmp_path / "a.ts", Kind("ts", "libx264", options=H264))
    ffmpeg("-i", path, "-c:v", "copy", "-c:a", "aac", "-ac", 2, tmp_path / "b.ts")
    (tmp_path / "c.ts").write_bytes(path.read_bytes() + (tmp_path / "b.ts").read_bytes())
    ours, theirs = media.read_speech(tmp_path / "c.ts"), speech_by_ffmpeg(tmp_path / "c.ts")
    assert abs(len(ours) - len(theirs)) < 0.1 * 16_000
    assert np.abs(ours[18_000:24_000]).mean() == pytest.approx(np.abs(theirs[18_000:24_000]).mean(), rel=0.2)


def test_times_that_say_when_frames_were_decoded(tmp_path):
    """An mp4 made of a bare H.264 stream: presentation times are decoding times, and run backwards as frames are shown."""
    write(tmp_path / "a.mp4", KINDS[0])
    ffmpeg("-i", tmp_path / "a.mp4", "-c", "copy", "-bsf:v", "h264_mp4toannexb", tmp_path / "a.h264")
    ffmpeg("-i", tmp_path / "a.h264", "-c", "copy", tmp_path / "b.mp4")
    same_frames(tmp_path / "b.mp4")


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "gbrp10le", "gray10le"])
def test_deep_pictures_are_converted_from_all_their_bits(tmp_path, pixels):
    path = write(tmp_path / "a.mkv", Kind("mkv", "ffv1", "", pixels))
    frames = media.read_frames(path)
    np.testing.assert_array_equal(frames, frames_by_ffmpeg(path, frames.shape[1:]))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Kind("mp4", "libx264", "", "yuv420p10le"), ()),  # it says where colours lie between pixels
        (Kind("mp4", "libx264", "", options=("-x264-params", "interlaced=1")), ()),
        (Kind("mp4", "libx264", ""), ("-colorspace", "bt709", "-color_range", "pc")),
        (Kind("mp4", "libx264", "", "yuv420p10le"), ("-colorspace", "bt2020nc")),
        (Kind("mkv", "ffv1", "", "yuv410p"), ()),
    ],
)
def test_pixels_are_ffmpegs_to_the_bit(tmp_path, kind, options):
    path = write(tmp_path / f"a.{kind.suffix}", kind, "25", *options)
    frames = media.read_frames(path)
    np.testing.assert_array_equal(frames, frames_by_ffmpeg(path, frames.shape[1:]))


@pytest.mark.parametrize(
    ("sizes", "default", "channels", "spoken"),
    [
        (("64x48", "96x64"), (), ("mono", "stereo"), ()),
        (("96x64", "64x48"), (), ("stereo", "mono"), ()),
        (("64x48", "96x64"), (0,), ("mono", "stereo"), (0,)),
        (("96x64", "64x48"), (1,), ("5.1", "mono"), (1,)),
        (("64x48", "64x48"), (), ("mono", "mono"), ()),
        (("64x48", "64x48"), (1,), ("mono", "mono"), (1,)),
    ],
)
def test_of_several_tracks_ffmpegs_is_taken(tmp_path, sizes, default, channels, spoken):
    path = tmp_path / "a.mkv"
    videos = [("-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=0.4,hue=h={90 * n}") for n, size in enumerate(sizes)]
    sounds = [
        ("-f", "lavfi", "-i", f"anoisesrc=d=0.4:r=16000:seed={n},aformat=channel_layouts={layout}")
        for n, layout in enumerate(channels)
    ]
    marks = [(f"-disposition:v:{n}", "default" if n in default else "0") for n in range(2)]
    marks += [(f"-disposition:a:{n}", "default" if n in spoken else "0") for n in range(2)]
    maps = [("-map", n) for n in range(4)]
    given = [part for group in (*videos, *sounds, *maps, *marks) for part in group]
    ffmpeg(*given, "-c:v", "ffv1", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", "-default_mode", "passthrough", path)
    same_frames(path)
    np.testing.assert_allclose(media.read_speech(path), speech_by_ffmpeg(path), atol=1e-4)
    assert [" track " in remark for remark in media.read_headers(path).remarks] == [True, True]


@pytest.mark.parametrize("layout", ["2.1", "quad", "5.0", "5.1", "5.1(side)", "6.1", "7.1"])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_many_channels_are_mixed_as_ffmpeg_does(tmp_path, layout, rate):
    path = tmp_path / "a.wav"
    count = {"2.1": 3, "quad": 4, "5.0": 5, "5.1": 6, "5.1(side)": 6, "6.1": 7, "7.1": 8}[layout]
    each = "|".join(f"0.5*sin({300 + 70 * n}*2*PI*t)" for n in range(count))
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc={each}:c={layout}:s={rate}:d=0.5", path)
    ours, theirs = media.read_speech(path), speech_by_ffmpeg(path)
    assert abs(len(ours) - len(theirs)) <= 1
    length = min(len(ours), len(theirs))
    np.testing.assert_allclose(ours[:length], theirs[:length], atol=2e-4)
