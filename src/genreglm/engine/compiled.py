"""How a kernel is compiled that other kernels alone call."""

from functools import partial

from numba import njit

# Without the wrappers by which Python would call it, which take as long to compile as it does itself. Calling it from
# Python ends the process.
inner_njit = partial(njit, nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
