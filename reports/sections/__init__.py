"""Sections of a report: one analysis each, with its tables and figures."""
