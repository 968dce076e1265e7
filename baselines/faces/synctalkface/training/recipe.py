"""SyncTalkFace's training: the published joint losses, and the short cut of the embedded preset."""

from __future__ import annotations

from pathlib import Path

from syncbench.baselines.faces.synctalkface.network import Generator
from syncbench.baselines.faces.synctalkface.training.joint import train_joint
from syncbench.baselines.faces.synctalkface.training.memory import train_memory
from syncbench.baselines.faces.synctalkface.training.presets import PRESETS, Preset
from syncbench.baselines.faces.training.audio import train_audio
from syncbench.baselines.faces.training.course import Course, GeneratorOptions, quick, train_stages
from syncbench.baselines.faces.training.face import train_face
from syncbench.baselines.faces.training.sync import train_sync
from syncbench.recipe import Recipe, Training

__all__ = ["RECIPE"]


def _generator(course: Course[Preset]) -> Generator:
    generator = Generator(course.preset.config)
    quick(generator.audio, generator.lip.trunk, generator.identity, generator.decoder)
    return generator


def _train(training: Training[GeneratorOptions]) -> Path:
    return train_stages(
        training,
        PRESETS,
        {
            "sync": train_sync,
            "face": train_face,
            "audio": lambda course: train_audio(course, _generator(course).audio),
            "memory": lambda course: train_memory(course, _generator(course)),
            "joint": lambda course: train_joint(course, _generator(course)),
        },
    )


RECIPE = Recipe(
    name="synctalkface",
    summary="SyncTalkFace: faces from true lips, the memory without images, then the published joint losses",
    presets={name: tuple(PRESETS[name].stages) for name in ("embedded", "paper")},
    train=_train,
    takes=GeneratorOptions,
)
