"""The show: decides and composes; the only package that imports the others."""
