"""The words of the workspace: frozen dataclasses, enums, limits, the table of states. No I/O, standard library only."""
