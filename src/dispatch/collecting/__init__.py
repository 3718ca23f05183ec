"""Collecting: sources → posts. `rules.py` decides, `collect.py` does; between them fetching, reading and cleaning."""
