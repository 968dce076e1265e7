"""Decisions: is one run better than another, and has it become worse."""
