"""The peers, one adapter a file. Each takes a prepared problem and returns what it took and what it found."""

from benchmarks.peers.base import Peer

# Modules, by name: an adapter is imported in the process that measures it, and nowhere else.
_MODULES = ("genreglm_fit", "scikit_learn", "statsmodels_mnlogit", "nnet_multinom", "vgam_vglm", "glmnet_zero")


def all_peers() -> dict[str, Peer]:
    """Return every peer by its key, genreglm first. Importing an adapter imports no peer."""
    from importlib import import_module

    found = [peer for name in _MODULES for peer in import_module(f"benchmarks.peers.{name}").PEERS]
    return {peer.key: peer for peer in found}
