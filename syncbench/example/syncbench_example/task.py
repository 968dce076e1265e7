"""The task: what a system is given, what it answers, and what its answers are read against."""

from syncbench.answer import Speech
from syncbench.task import Anchor, Task

VIDEO_TO_SPEECH = Task(
    name="video-to-speech",
    summary="say what silent lips say",
    given=frozenset({"video", "landmarks", "voice"}),
    answers=(Speech,),
    kept=frozenset({"video"}),  # the lips that speech is held against
    anchors=(Anchor("real-speech", "real speech", real=True), Anchor("silence", "no speech at all")),
    headline=("spectral_distance",),
    hub="audio-to-audio",
)
