"""One class a command: its arguments, and how they are read. The table of them is ``command_table``."""
