"""`serve`: the application in a server of its own, until it is stopped."""

import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn

from genreglm.errors import OptionError
from genreglm.serving.app import create_app
from genreglm.serving.logs import LOGGER, write_logs
from genreglm.serving.settings import LOOPBACK, Settings, read_key

_SPARE_CONNECTIONS = 200  # beyond those that may wait: pages that are open, and requests on their way in or out
_GRACE = 10  # seconds that requests have to end in when the service is stopped


def serve(
    path: str | Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    key_file: Path | None = None,
    allowed_hosts: Sequence[str] = (),
    settings: Settings | None = None,
    started: Callable[[str], object] = lambda address: None,
) -> None:
    """Serve a model until the process is told to stop (SIGINT, SIGTERM); SIGHUP has it read the model again.

    Parameters
    ----------
    path : the folder `model/` that a study left, or the file that `Result.save` wrote
    host, port : where to listen; port 0 takes any that is free. Beyond this machine only where `host` says so
    key_file : holds the key that requests must bring; without it the variable GENREGLM_API_KEY does, where it is set
    allowed_hosts : names that requests may use; on loopback those of this machine unless given, elsewhere any
    settings : limits; their hosts and their key give way to what is said here
    started : hears the address before the first request is taken

    Raises
    ------
    ModelFileError
        Where there is no model that can be used.
    OptionError
        For a port that cannot be had, and a key that cannot be used.
    """
    write_logs()
    hosts = tuple(allowed_hosts) or ((*LOOPBACK, host) if _is_loopback(host) else ())
    settings = replace(settings or Settings(), hosts=hosts, key=read_key(key_file))
    app = create_app(path, settings)
    with _listening(host, port) as listener:
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        if settings.key is None and not _is_loopback(host):
            fields = {"address": address, "remedy": "give a key"}
            LOGGER.warning("anyone who reaches this address may ask", extra={"fields": fields})
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=settings.waiting + _SPARE_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE,
        )
        started(address)
        LOGGER.info("serving", extra={"fields": {"address": address}})
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is the usual end
            uvicorn.Server(config).run(sockets=[listener])
        LOGGER.info("stopped")


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # After a kill the port is free at once; two servers on one port are refused all the same.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()  # who asks from now on waits for the server to begin
    except (OSError, OverflowError) as error:
        listener.close()
        raise OptionError(f"Port {port} of {host} cannot be had ({error}). Choose others: --host, --port.") from error
    return listener


def _is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.startswith("127.")
