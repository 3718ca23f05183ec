"""The command line: parse, call one thing, answer. One file a command or group of commands."""
