"""What a request hears that cannot be answered: one shape for all, without what it sent and without where it failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse


@dataclass(frozen=True)
class Fault:
    """One field that cannot be used; `row` counts the tracks of the request from 1."""

    field: str
    message: str
    row: int | None = None

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.message}" if self.row is None else f"track {self.row}, {where}{self.message}"


class Refused(Exception):
    """A request that is not answered, with the status that says why."""

    def __init__(
        self, status: int, message: str, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.faults = status, message, tuple(faults)
        self.headers = dict(headers or {})


class FaultShown(BaseModel):
    """One field that cannot be used."""

    field: str
    message: str
    row: int | None


class Refusal(BaseModel):
    """Why there is no answer, and the number of the request, under which the service's log knows it."""

    error: str
    fields: list[FaultShown]
    request: str


def refusal(refused: Refused, request: str) -> JSONResponse:
    """Return the answer to a refused request."""
    fields: list[dict[str, Any]] = [
        {"field": fault.field, "message": fault.message, "row": fault.row} for fault in refused.faults
    ]
    body = {"error": refused.message, "fields": fields, "request": request}
    return JSONResponse(body, refused.status, refused.headers)
