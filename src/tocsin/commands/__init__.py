"""The commands, one module each: `command` is what runs. A new file here is a new command."""
