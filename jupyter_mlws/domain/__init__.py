"""The words of the workspace: frozen dataclasses, enums, limits and the table of states. No I/O, standard library only."""
