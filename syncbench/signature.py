"""Signatures: what must agree before two scores may be compared.

``lse_c|evaluator=syncnet_v2@961e8696|protocol=native.1|pairing=self|dataset=lrs2/test@1f0c|fps=25|n=60|v=0.1.0``
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["comparable", "difference", "parse", "signature"]

# A count or a release alone does not make two scores different measurements.
_IGNORED = frozenset({"n", "v"})


def signature(name: str, parts: Mapping[str, str]) -> str:
    """Join a score's name and its parts, in the given order. ``|`` and ``=`` inside values are replaced by ``/``."""
    clean = {key: str(value).replace("|", "/").replace("=", ":") for key, value in parts.items()}
    return "|".join([name, *(f"{key}={value}" for key, value in clean.items() if value != "")])


def parse(text: str) -> tuple[str, dict[str, str]]:
    """Return a signature's score name and parts."""
    name, *parts = text.split("|")
    return name, {key: value for key, _, value in (part.partition("=") for part in parts)}


def difference(a: str, b: str) -> list[str]:
    """Return what keeps two scores from being compared, such as ``protocol: native.1 / wav2lip-lrs.1``; empty if nothing."""
    (name_a, parts_a), (name_b, parts_b) = parse(a), parse(b)
    found = [] if name_a == name_b else [f"score: {name_a} / {name_b}"]
    for key in dict.fromkeys([*parts_a, *parts_b]):
        left, right = parts_a.get(key, "none"), parts_b.get(key, "none")
        if key not in _IGNORED and left != right:
            found.append(f"{key}: {left} / {right}")
    return found


def comparable(a: str, b: str) -> bool:
    """Return whether two scores may be compared, ranked or averaged: all parts agree but the count and the release."""
    return not difference(a, b)
