"""How the tables came to be as they are: one file a step, run in order on both databases, never edited later."""
