"""Media files: read, written and looked at. Nothing outside this room opens a container."""

from syncbench.media.clips import (
    clip_footage,
    clip_frames,
    clip_length,
    clip_pictures,
    clip_sound,
    clip_speech,
    has_speech,
)
from syncbench.media.footage import HELD_BYTES, Footage, spans
from syncbench.media.headers import Headers, codec, read_headers
from syncbench.media.read import (
    MAX_BYTES,
    count_frames,
    open_footage,
    read_frames,
    read_pictures,
    read_sound,
    read_speech,
)
from syncbench.media.shift import shift_speech
from syncbench.media.stills import is_numbered
from syncbench.media.write import write_lossless, write_video, write_wav

__all__ = [
    "HELD_BYTES",
    "MAX_BYTES",
    "Footage",
    "Headers",
    "clip_footage",
    "clip_frames",
    "clip_length",
    "clip_pictures",
    "clip_sound",
    "clip_speech",
    "codec",
    "count_frames",
    "has_speech",
    "is_numbered",
    "open_footage",
    "read_frames",
    "read_headers",
    "read_pictures",
    "read_sound",
    "read_speech",
    "shift_speech",
    "spans",
    "write_lossless",
    "write_video",
    "write_wav",
]
