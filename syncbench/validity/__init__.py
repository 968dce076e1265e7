"""Metric validity: how every score answers to faults of known size, kept as evidence in the metrics' cards."""

from __future__ import annotations

from syncbench.validity.evidence import evidence, validate

__all__ = ["evidence", "validate"]
