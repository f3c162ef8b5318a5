"""Measures genreglm beside its peers, on the same rows and columns. See README.md; run with `make bench`."""
