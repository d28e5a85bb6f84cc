"""Environments that reproduce: a specification becomes a lock, and a lock a folder with an interpreter, once."""
