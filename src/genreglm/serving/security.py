"""Headers that every answer has, the names that the service answers to, and the key."""

import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers

from genreglm.serving.refusals import Refused

KEY_HEADER = "X-API-Key"
# Open without a key: what says how to ask, and nothing of any track. The page asks for the key itself.
OPEN = frozenset({"/", "/docs", "/openapi.json", "/health"})
OPEN_FOLDER = "/page/"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def with_security(headers: Iterable[tuple[bytes, bytes]], request: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those of security; what says nothing of caching is not kept anywhere."""
    found = list(headers)
    if not any(name.lower() == b"cache-control" for name, _ in found):
        found.append((b"cache-control", b"no-store"))
    found += [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
    return [*found, (b"x-request-id", request.encode())]


def check_host(headers: Headers, allowed: tuple[str, ...]) -> None:
    """Refuse (400) a request under a name that is not one of the service's; `allowed` empty: none is."""
    if allowed and _bare(headers.get("host", "")) not in {_bare(name) for name in allowed}:
        raise Refused(400, "The service does not answer under this name (header Host).")


def check_key(headers: Headers, path: str, key: bytes | None) -> None:
    """Refuse (401) a request without the key, where there is one; the comparison takes as long for any guess."""
    if key is None or path in OPEN or path.startswith(OPEN_FOLDER):
        return
    given = headers.get(KEY_HEADER.lower(), "").encode("latin-1", "replace")
    if not hmac.compare_digest(given, key):
        raise Refused(
            401, f"The header {KEY_HEADER} must hold the service's key.", headers={"WWW-Authenticate": "ApiKey"}
        )


def _bare(host: str) -> str:
    """Return a host without its port and without the brackets of an IPv6 address."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name if name.count(":") > 1 else name.partition(":")[0]
