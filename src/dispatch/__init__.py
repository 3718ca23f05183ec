"""dispatch: a newsletter made of a site's new posts, mailed once to everybody who asked for it."""

__version__ = "0.1.0"
