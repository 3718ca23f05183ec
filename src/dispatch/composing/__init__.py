"""From released posts to issues: which posts, when, worth sending or not, and in which variants."""
