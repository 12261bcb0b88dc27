"""Measurements of the product against a peer or a limit in the same run; `make bench-…` runs them."""
