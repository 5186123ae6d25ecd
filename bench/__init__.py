"""Benchmarks: each module prints its figures as a table; ``python -m bench`` runs them all."""
