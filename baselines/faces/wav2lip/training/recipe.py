"""Training of the Wav2Lip-type baseline: pictures, sync, quality."""

from __future__ import annotations

from pathlib import Path

from syncbench.baselines.faces.training.audio import train_audio
from syncbench.baselines.faces.training.course import Course, GeneratorOptions, quick, train_stages
from syncbench.baselines.faces.training.face import train_face
from syncbench.baselines.faces.training.sync import train_sync
from syncbench.baselines.faces.wav2lip.network import Generator
from syncbench.baselines.faces.wav2lip.training.joint import train_joint
from syncbench.baselines.faces.wav2lip.training.presets import PRESETS, Preset
from syncbench.recipe import Recipe, Training

__all__ = ["RECIPE"]


def _generator(course: Course[Preset]) -> Generator:
    generator = Generator(course.preset.config)
    quick(generator)
    return generator


def _train(training: Training[GeneratorOptions]) -> Path:
    return train_stages(
        training,
        PRESETS,
        {
            "sync": train_sync,
            "face": train_face,
            "audio": lambda course: train_audio(course, _generator(course).audio),
            "joint": lambda course: train_joint(course, _generator(course)),
        },
    )


RECIPE = Recipe(
    name="wav2lip",
    summary="the Wav2Lip-type baseline: faces from true lips, sound without images, then all together",
    presets={name: tuple(PRESETS[name].stages) for name in ("embedded", "paper")},
    train=_train,
    takes=GeneratorOptions,
)
