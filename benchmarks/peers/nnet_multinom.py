"""R's nnet::multinom at reltol = 1e-12: without its Hessian, and on the small problem with it."""

from benchmarks.peers import r_session
from benchmarks.peers.base import Peer

PEERS = (
    Peer(
        "nnet",
        "R nnet::multinom, reltol=1e-12",
        False,
        ("R", "ten", "small"),
        lambda problem: r_session.run(problem, "nnet_multinom.R"),
        lambda problem: r_session.lacks("nnet"),
    ),
    Peer(
        "nnet-hessian",
        "R nnet::multinom, reltol=1e-12, Hess=TRUE",
        True,
        ("small",),
        lambda problem: r_session.run(problem, "nnet_multinom.R", "hessian"),
        lambda problem: r_session.lacks("nnet"),
    ),
)
