"""Promoting: the house's own books, the shops that sell them, and who is shown which."""
