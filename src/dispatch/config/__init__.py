"""The configuration: its shape, reading it with errors that name file, line and key, and secrets."""
