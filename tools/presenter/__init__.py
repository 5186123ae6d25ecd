"""Renders footage of a presenter who does not exist, from CC0 meshes, with lips driven by exact phoneme times."""
