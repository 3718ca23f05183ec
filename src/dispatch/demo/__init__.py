"""The demonstration: a small invented magazine, its readers and their mailbox, all on this machine."""
