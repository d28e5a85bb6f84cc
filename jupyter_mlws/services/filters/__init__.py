"""The filter language: text that a person writes, understood as the tree of `jupyter_mlws.domain.filters`."""

from jupyter_mlws.services.filters.parsing import parse_filter, parse_order

__all__ = ["parse_filter", "parse_order"]
