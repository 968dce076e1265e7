"""Decoded pictures as RGB, upright."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import av.error
import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from syncbench.errors import ClipError

__all__ = ["Converter"]

_Turn = tuple[bool, bool, bool]  # transposed, then mirrored left to right, then upside down

_UPRIGHT: _Turn = False, False, False


class Converter:
    """Turns decoded pictures into uint8 ``[H, W, 3]`` RGB, upright, to the bit as FFmpeg's own program does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._graph: Graph | None = None
        self._form: tuple[object, ...] = ()  # of the pictures that the graph takes
        self._turn: _Turn | None = None
        self._rotation = 0  # of the picture that it was read from

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        try:
            picture = self._rgb(frame)
        except (av.error.FFmpegError, ValueError) as e:
            raise ClipError(
                f"{self._path}: pictures of the form {frame.format.name} cannot be made RGB; encode it as yuv420p"
            ) from e
        transposed, mirrored, flipped = self._turned(frame)
        picture = picture.transpose(1, 0, 2) if transposed else picture
        return picture[:: -1 if flipped else 1, :: -1 if mirrored else 1]

    def size(self, frame: VideoFrame) -> tuple[int, int]:
        """Return height and width of a picture once it is turned."""
        return (frame.width, frame.height) if self._turned(frame)[0] else (frame.height, frame.width)

    def _turned(self, frame: VideoFrame) -> _Turn:
        # A frame whose side data were looked at is freed by the garbage collector alone, a gigabyte late: once will do.
        if self._turn is None or frame.rotation != self._rotation:
            self._turn, self._rotation = _turn(self._path, frame), frame.rotation
        return self._turn

    def _rgb(self, frame: VideoFrame) -> NDArray[np.uint8]:
        form = frame.format.name
        if form in ("yuv420p", "yuvj420p") and not frame.height % 2 and not frame.interlaced_frame:
            # More threads would be made and ended for each frame: for small pictures a hundred times the work.
            return frame.to_ndarray(format="rgb24", interpolation=Interpolation.BICUBIC, threads=1).astype(
                np.uint8, copy=False
            )
        # reformat() takes lines of interlaced pictures apart, and places colours of deep ones elsewhere.
        here = (form, frame.width, frame.height, int(frame.colorspace), int(frame.color_range))
        if self._graph is None or here != self._form:
            self._graph, self._form = _scaler(*here), here
        self._graph.push(frame)
        return cast(VideoFrame, self._graph.pull()).to_ndarray().astype(np.uint8, copy=False)


def _scaler(form: str, width: int, height: int, colours: int, span: int) -> Graph:
    """Return FFmpeg's own way from one form of picture to RGB."""
    graph = Graph()
    graph.threads = 1
    graph.link_nodes(
        graph.add(
            "buffer", width=str(width), height=str(height), pix_fmt=form, time_base="1/25", pixel_aspect="1/1",
            colorspace=str(colours), range=str(span),
        ),
        graph.add("scale", "flags=bicubic"),
        graph.add("format", "pix_fmts=rgb24"),
        graph.add("buffersink"),
    )  # fmt: skip
    graph.configure()
    return graph


def _turn(path: Path, frame: VideoFrame) -> _Turn:
    """Return what the display matrix asks for. Raises ClipError where it is not a multiple of 90 degrees."""
    if not len(frame.side_data):
        return _UPRIGHT
    told = cast(Mapping[Type, SideData], frame.side_data).get(Type.DISPLAYMATRIX)
    if told is None:
        return _UPRIGHT
    matrix = np.frombuffer(bytes(told), np.int32)
    # x of the picture goes to (right, right_y) of the screen, y to (down_x, down)
    right, right_y, down_x, down = (float(matrix[n]) for n in (0, 1, 3, 4))
    width, height = math.hypot(right, down_x), math.hypot(right_y, down)
    if not width or not height:
        return _UPRIGHT
    angle = round(math.degrees(math.atan2(right_y / height, right / width)))
    if angle % 90:
        raise ClipError(f"{path}: the picture is to be turned by {angle} degrees; encode it upright")
    if angle % 180:
        return True, down_x < 0, right_y < 0
    return False, right < 0, down < 0
