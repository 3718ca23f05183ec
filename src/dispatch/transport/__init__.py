"""From a rendering to the relay: the message compiler, SMTP sessions, and what replies mean."""
