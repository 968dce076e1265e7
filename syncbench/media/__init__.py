"""Media files: read, written and looked at. Nothing outside this room opens a container."""

from syncbench.media.clips import clip_frames, clip_length, clip_pictures, clip_speech
from syncbench.media.headers import Headers, codec, read_headers
from syncbench.media.read import MAX_BYTES, count_frames, read_frames, read_pictures, read_speech
from syncbench.media.write import write_lossless, write_video, write_wav

__all__ = [
    "MAX_BYTES",
    "Headers",
    "clip_frames",
    "clip_length",
    "clip_pictures",
    "clip_speech",
    "codec",
    "count_frames",
    "read_frames",
    "read_headers",
    "read_pictures",
    "read_speech",
    "write_lossless",
    "write_video",
    "write_wav",
]
