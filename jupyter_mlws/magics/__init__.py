"""``%%submit`` and its companions: what travels with a cell, and what runs it in the job.

Standard library only at import; IPython, numpy and matplotlib are reached where they are.
"""
