"""Avatars: video to pack (prepare, train), pack to frames (face, motion)."""
