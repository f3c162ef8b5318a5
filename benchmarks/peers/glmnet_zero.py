"""R's glmnet(family = "multinomial") at lambda = 0: made for penalised paths, so here out of its element."""

from benchmarks.peers import r_session
from benchmarks.peers.base import Peer

PEERS = (
    Peer(
        "glmnet",
        "R glmnet, path down to lambda=0, thresh=1e-10",
        False,
        ("R", "ten", "small"),
        lambda problem: r_session.run(problem, "glmnet_zero.R"),
        lambda problem: r_session.lacks("glmnet"),
    ),
)
