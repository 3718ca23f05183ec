"""The Funicular, an invented review from an invented town."""
