"""From an issue to inboxes: fan out, claim, send, record, retry, pace, brake."""
