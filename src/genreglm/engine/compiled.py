"""How a kernel is compiled that other kernels alone call."""

from functools import partial

from numba import njit

# Without the wrappers by which Python and C would call it, which have to be compiled as well. Calling it from Python
# ends the process.
inner_njit = partial(njit, nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
