"""Who is talking: one file a platform."""
