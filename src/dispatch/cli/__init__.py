"""The command line: parse, call one method of Dispatch, answer. One file a command or group of commands."""
