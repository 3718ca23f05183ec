"""The bench: how fast dispatch is, measured beside what else could be used, in one run on one machine."""
