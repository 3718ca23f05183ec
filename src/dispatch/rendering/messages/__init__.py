"""The messages that are not issues: each a page (frozen data) and one function that renders it."""
