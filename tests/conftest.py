"""Settings of all tests. This folder is on the import path of the tests below it: they share `simulated`."""

from hypothesis import settings

# Few examples and the same ones each time: a property here costs a fit, and a build must not fail by luck.
settings.register_profile("genreglm", max_examples=8, deadline=None, derandomize=True, database=None)
settings.load_profile("genreglm")
