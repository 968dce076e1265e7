"""When each decoded frame is shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from syncbench.clip import FPS
from syncbench.errors import ClipError
from syncbench.media.container import cut_short, packets

__all__ = ["presented"]

_MISSING = 0.1  # seconds between the end of the data and the end in the header that count as a file cut short

_WITHOUT_TIMES = ("avi", "asf")  # containers (asf: also .wmv) that store when a frame is decoded, not when it is shown

_REORDERED = {"h264": 16, "hevc": 16, "vvc": 16}  # frames that a decoder may hold back; others hold one


def presented(
    path: Path, container: InputContainer, stream: av.VideoStream
) -> Iterator[tuple[VideoFrame, float, float]]:
    """Yield every frame of ``stream`` in the order they are shown: the frame, when, and for how long, in seconds.

    Raises ClipError where the file breaks off.
    """
    decoded = 0
    reached = promised = 0.0  # seconds
    # Only these write the length in their header; elsewhere FFmpeg itself guesses it.
    if container.format.name.startswith(("matroska", "avi")):
        promised = (container.duration or 0) / av.time_base
    clock = _Clock(container, stream)
    try:
        for packet in packets(container):
            if promised and packet.pts is not None:
                reached = max(reached, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream.index != stream.index:
                continue
            if not packet.size and packet.dts is not None:
                continue  # the frame before is shown on; to the decoder an empty packet would be the end
            clock.sent(packet)
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    decoded += 1
                    yield frame, *clock.read(frame)
    except av.error.FFmpegError as e:
        raise ClipError(
            f"{path}: the video breaks off: {decoded} frames can be decoded, then the data is damaged"
            f" ({(e.strerror or type(e).__name__).lower()}); fetch or encode it again"
        ) from e
    if promised and promised - reached > _MISSING:
        raise cut_short(path, f"{decoded} frames are left, the last {promised - reached:.1f} s are missing")


class _Clock:
    """Tells when a decoded frame is shown, by the rules of FFmpeg's own program.

    Its decoder takes a frame's presentation time, unless these have run backwards more often than decoding times have:
    then the time of the packet after which the decoder gave the frame. In containers that store decoding times only,
    FFmpeg makes up presentation times, and wrong ones where frames are reordered: there that packet's time always holds,
    less the delay of the decoder, so that the first frame is shown when the file begins.
    """

    def __init__(self, container: InputContainer, stream: av.VideoStream) -> None:
        self._stream = stream
        self._tick = float(stream.time_base or 0)
        self._without_times = container.format.name in _WITHOUT_TIMES or (
            # what Matroska took over from an AVI as it was carries the code of its format
            container.format.name.startswith("matroska")
            and stream.codec_context.codec_tag.strip("\0") != ""
            and stream.codec_context.has_b_frames
        )
        self._packets: deque[int] = deque(maxlen=max(_REORDERED.values()) + 1)  # times of the packets, the latest ones
        self._delay: int | None = None
        self._step: int | None = None  # the least between two packets
        self._faults = 0  # how much oftener presentation times than decoding times did not go on
        self._pts: int | None = None  # the latest
        self._dts: int | None = None
        self._last: int | None = None
        self._lasted = 1

    def sent(self, packet: Packet[Stream]) -> None:
        """Note a packet that the decoder is given."""
        if not self._without_times or packet.dts is None:
            return
        if self._packets and packet.dts > self._packets[-1]:
            step = packet.dts - self._packets[-1]
            self._step = step if self._step is None else min(step, self._step)
        self._packets.append(packet.dts)

    def read(self, frame: VideoFrame) -> tuple[float, float]:
        """Return when a frame that the decoder gave is shown, and for how long, in seconds."""
        shown = self._undelayed(frame.dts) if self._without_times else self._best(frame.pts, frame.dts)
        if shown is None:
            shown = 0 if self._last is None else self._last + self._lasted
        self._lasted = self._duration(frame, shown)
        self._last = shown
        return shown * self._tick, self._lasted * self._tick

    def _undelayed(self, dts: int | None) -> int | None:
        if self._delay is None and self._packets:
            context = self._stream.codec_context
            held = _REORDERED.get(context.name, 1) if context.has_b_frames else 0
            first = self._packets[max(0, len(self._packets) - 1 - held)]  # packets before it have no frame
            self._delay = self._packets[-1] - first
            return first
        return None if dts is None else dts - (self._delay or 0)

    def _best(self, pts: int | None, dts: int | None) -> int | None:
        if pts is None or dts is None:
            self._pts = self._dts = pts if dts is None else dts
            return self._pts
        self._faults += self._pts is not None and pts <= self._pts
        self._faults -= self._dts is not None and dts <= self._dts
        self._pts, self._dts = pts, dts
        return pts if self._faults <= 0 else dts

    def _duration(self, frame: VideoFrame, shown: int) -> int:
        """Return for how many ticks a frame is shown: as it says, else as the one before, else by the average rate."""
        if self._without_times and self._step is not None:
            return self._step
        gap = 0 if self._last is None else shown - self._last
        # One tick is what FFmpeg makes up where the container says nothing.
        if frame.duration > 0 and not (frame.duration == 1 and gap > 2):
            return frame.duration
        if gap > 0:
            return gap
        rate = float(self._stream.average_rate or FPS)
        return frame.duration or max(1, round(1 / rate / self._tick) if self._tick else 1)
