"""CALS-style training: sync module, lip units and face, masked Audio-to-Lip, then all together."""

from __future__ import annotations

from pathlib import Path

from syncbench.baselines.faces.cals.network import Generator
from syncbench.baselines.faces.cals.training.context import train_context
from syncbench.baselines.faces.cals.training.joint import train_joint
from syncbench.baselines.faces.cals.training.presets import PRESETS, Preset
from syncbench.baselines.faces.training.audio import train_audio
from syncbench.baselines.faces.training.course import Course, GeneratorOptions, quick, train_stages
from syncbench.baselines.faces.training.face import train_face
from syncbench.baselines.faces.training.sync import train_sync
from syncbench.recipe import Recipe, Training

__all__ = ["RECIPE"]


def _generator(course: Course[Preset]) -> Generator:
    generator = Generator(course.preset.config)
    quick(generator.a2l.audio, generator.lip.trunk, generator.identity, generator.decoder)
    return generator


def _train(training: Training[GeneratorOptions]) -> Path:
    return train_stages(
        training,
        PRESETS,
        {
            "sync": train_sync,
            "face": train_face,
            "audio": lambda course: train_audio(course, _generator(course).a2l.audio),
            "context": lambda course: train_context(course, _generator(course)),
            "joint": lambda course: train_joint(course, _generator(course)),
        },
    )


RECIPE = Recipe(
    name="cals",
    summary="the CALS-style generator: lip units and face, masked Audio-to-Lip, then all together",
    presets={name: tuple(PRESETS[name].stages) for name in ("embedded", "paper", "minimal")},
    train=_train,
    takes=GeneratorOptions,
)
