"""Voices: one file an engine, one protocol in base.py."""
