"""What stands between the network and the application: each request checked, limited, logged, and always answered."""

import secrets
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genreglm.serving.logs import LOGGER, shortened
from genreglm.serving.refusals import Refused, refusal
from genreglm.serving.security import check_host, check_key, with_security
from genreglm.serving.settings import Settings


class Guard:
    """An ASGI middleware, the outermost of the application's.

    It gives a request its number, refuses a wrong Host (400), key (401) or a long body (413), adds the headers of
    security, turns every exception into a 500 that says only the number, and logs one line.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything but HTTP goes on to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, send)
        try:
            headers = Headers(scope=scope)
            check_host(headers, self._settings.hosts)
            check_key(headers, scope["path"], self._settings.key)
            await self._app(scope, _limited(receive, headers, self._settings.body_bytes), request.send)
        except Refused as refused:
            await request.refuse(refused)
        except Exception:  # Whatever it is: nothing of it leaves the server.
            LOGGER.exception("failure", extra={"fields": {"request": request.number}})
            await request.refuse(Refused(500, "The service failed. Its log says more under the number of the request."))
        finally:
            request.log()


class _Request:
    """One request on its way: its number, its status, and when it began."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.number, self._status, self._began = secrets.token_hex(8), 0, time.perf_counter()
        self._scope, self._send = scope, send
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._state["request"] = self.number

    async def send(self, message: Message) -> None:
        """Pass a message of the answer on, its headers completed."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message = {**message, "headers": with_security(message.get("headers", []), self.number)}
        await self._send(message)

    async def refuse(self, refused: Refused) -> None:
        """Answer with a refusal, unless an answer has begun."""
        if not self._status:
            await refusal(refused, self.number)(self._scope, _nothing, self.send)

    def log(self) -> None:
        """Write the line of this request."""
        fields = {
            "request": self.number,
            "method": shortened(self._scope["method"]),
            "path": shortened(self._scope["path"]),
            "status": self._status,
            "ms": round(1000 * (time.perf_counter() - self._began), 1),
            "rows": self._state.get("rows"),
        }
        LOGGER.info("request", extra={"fields": fields})


def _limited(receive: Receive, headers: Headers, most: int) -> Receive:
    """Return a `receive` that refuses a body of more than `most` bytes, whether its header says so or not."""
    told = headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > len(str(most)) or int(told) > most:
        raise Refused(413, f"The body may have {most:,} bytes at most. Ask in several requests.")
    received = 0

    async def receiving() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise Refused(413, f"The body may have {most:,} bytes at most. Ask in several requests.")
        return message

    return receiving


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
