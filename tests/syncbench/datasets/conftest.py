"""Tiny trees in the datasets' own layouts: real encoded videos of 14 frames, and text files as distributed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from syncbench import media


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small media by extension: mp4, mpg, mkv, wav; ``mute`` is an mp4 without sound."""
    folder = tmp_path_factory.mktemp("tiny")
    frames = np.random.default_rng(0).integers(0, 256, (14, 32, 32, 3), dtype=np.uint8)
    speech = (0.3 * np.sin(np.arange(14 * 640) / 5)).astype(np.float32)
    media.write_video(folder / "a.mp4", frames, speech)
    media.write_video(folder / "mute.mp4", frames)
    media.write_lossless(folder / "a.mkv", frames, speech)
    media.write_wav(folder / "a.wav", speech)
    with av.open(str(folder / "a.mpg"), "w") as container:
        video = container.add_stream("mpeg1video", rate=25)
        video.width = video.height = 32
        audio = container.add_stream("mp2", rate=44_100, layout="stereo")
        for picture in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 24_696), np.int16), "s16", "stereo")
        sound.sample_rate = 44_100
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return {path.stem if path.stem == "mute" else path.suffix[1:]: path for path in folder.iterdir()}


@pytest.fixture
def put(tmp_path: Path, tiny: dict[str, Path]) -> Callable[..., Path]:
    """Lay a file under ``tmp_path``: a copy of the tiny media of its extension, or the given text or bytes."""

    def lay(name: str, content: str | bytes | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            shutil.copy(tiny[path.suffix[1:].lower()], path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return lay
