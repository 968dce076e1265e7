"""A crowd: stills of real people made to speak with the mouths of recorded or rendered talkers, with true sync and words.

Learned evaluators that know one talker's face fail on others, and videos of many talkers are hard to come by; portraits
are not. Each clip takes one still and one driver, a clip with landmarks and speech: the still's lips, jaw and eyes move as
the driver's do, relative to the still's own closed mouth and in a manner of speaking drawn at random; teeth and tongue are
the driver's; head, light, colour and camera are drawn at random.

- ``stills``: who they are, where their 68 landmarks lie, and which are to train, validate and test on;
- ``mouth``: what a face does while it speaks, taken from one face and given to another;
- ``warp``: smooth maps that take landmarks to landmarks;
- ``picture``: the frames of a clip;
- ``dataset``: making a crowd on disk, and reading it.
"""

from syncbench.datasets.crowd.dataset import CROWD, make

__all__ = ["CROWD", "make"]
