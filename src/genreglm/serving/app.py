"""The application: a model folder, or a saved result, as a service. It speaks JSON, and has a page to play with.

    GET  /              the what-if page
    POST /predict       genres of one track, or of a list of them
    POST /explain       why one genre and not another
    GET  /model         card, genres, features with units and ranges
    GET  /health        whether it answers, and with which model
    GET  /docs          all this in words; /openapi.json for programs

Nothing that a request holds is evaluated, or names a file.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from genreglm.errors import InputError
from genreglm.serving.answers import Asked, Question
from genreglm.serving.batches import Queue
from genreglm.serving.guard import Guard
from genreglm.serving.holder import Holder
from genreglm.serving.pages import description, page_files
from genreglm.serving.refusals import Fault, Refusal, Refused, refusal
from genreglm.serving.served import Served
from genreglm.serving.settings import Settings
from genreglm.serving.shapes import Explained, Health, ModelShown, Predictions

_TITLE = "genreglm"
_TRACKS = {"oneOf": [{"$ref": "#/components/schemas/Track"}, {"$ref": "#/components/schemas/Tracks"}]}
_QUESTION = {"$ref": "#/components/schemas/Question"}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Refusal, "description": about}
    for code, about in {
        400: "The name that the service was asked under is not its own.",
        401: "The key is missing or wrong.",
        408: "The body did not come in time.",
        413: "The body is too long.",
        415: "The body is not JSON.",
        422: "A field cannot be used; the answer names it.",
        503: "Too many requests wait, or time was up; the header Retry-After says when to try again.",
    }.items()
}
_OF_GETS: dict[int | str, dict[str, Any]] = {code: _REFUSALS[code] for code in (400, 401)}


def create_app(path: str | Path, settings: Settings | None = None) -> FastAPI:
    """Return the application that serves a model.

    Parameters
    ----------
    path : the folder `model/` that a study left, or the file that `Result.save` wrote
    settings : limits and access; for None those of a service for this machine alone

    Raises
    ------
    ModelFileError
        Where there is no model that can be used.
    """
    settings = Settings() if settings is None else settings
    service = _Service(Path(path), settings)
    app = FastAPI(
        title=_TITLE, docs_url=None, redoc_url=None, openapi_url=None, lifespan=service.living, redirect_slashes=False
    )
    app.add_middleware(Guard, settings=settings)
    for kind, answer in ((Refused, _refused), (InputError, _unusable), (RequestValidationError, _invalid)):
        app.add_exception_handler(kind, answer)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
    _add_answers(app, service)
    _add_pages(app, service)
    return app


class _Service:
    """What requests share: the model, the queue, and the limits."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.settings = settings
        self.holder = Holder(path, settings.rows, settings.look_seconds)
        self.queue = Queue(settings.waiting, settings.rows, settings.seconds)

    @contextlib.asynccontextmanager
    async def living(self, app: FastAPI) -> AsyncIterator[None]:
        """Watch the model while the application runs."""
        async with self.holder.watching():
            yield
        self.queue.close()

    async def body(self, request: Request) -> bytes:
        """Return the body of a request, which must say that it is JSON: other kinds come from any page unasked.

        Raises
        ------
        Refused
            (415) For another kind, (408) for one that does not arrive.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, "The body must be JSON, and its header Content-Type application/json.")
        try:
            return await asyncio.wait_for(request.body(), self.settings.seconds)
        except TimeoutError:
            raise Refused(408, f"The body did not come within {self.settings.seconds:g} s.") from None


def _add_answers(app: FastAPI, service: _Service) -> None:
    """Add what answers in JSON."""

    @app.post(
        "/predict",
        response_model=Predictions,
        responses=_REFUSALS,
        openapi_extra=_body_of(_TRACKS),
        summary="Genres of one track, or of each of a list",
    )
    async def predict(
        request: Request,
        top: Annotated[int, Query(ge=1, le=1000, description="how many genres; at most those of the model")] = 3,
        intervals: Annotated[bool, Query(description="with intervals (90 %), where the model has them")] = False,
    ) -> Response:
        served = service.holder.current
        tracks = served.schema.tracks(await service.body(request))
        request.state.rows = len(tracks)

        def work(asked: Sequence[Asked]) -> list[list[dict[str, Any]]]:
            return served.predict(asked, intervals)

        answer = await service.queue.ask((served.name, "predict", intervals), work, Asked(tracks, top), len(tracks))
        return JSONResponse({"model": served.name, "tracks": answer})

    @app.post(
        "/explain",
        response_model=Explained,
        responses=_REFUSALS,
        openapi_extra=_body_of(_QUESTION),
        summary="Why one genre and not another",
    )
    async def explain(request: Request) -> Response:
        served = service.holder.current
        question = Question(*served.schema.question(await service.body(request)))
        request.state.rows = 1
        answer = await service.queue.ask((served.name, "explain"), served.explain, question)
        return JSONResponse({"model": served.name, **answer})

    @app.get("/model", response_model=ModelShown, responses=_OF_GETS, summary="What there is to know of the model")
    async def model() -> Response:
        return JSONResponse(service.holder.current.about())

    @app.get("/health", response_model=Health, responses={400: _REFUSALS[400]}, summary="Whether the service answers")
    async def health() -> Response:
        served = service.holder.current
        said = {"status": "ok", "model": served.name, "since": served.since, "waiting": len(service.queue)}
        return JSONResponse(said)


def _add_pages(app: FastAPI, service: _Service) -> None:
    """Add the pages, their files, and the description of the service."""
    files = page_files()

    @app.get("/", include_in_schema=False)
    async def what_if(request: Request) -> Response:
        return files[""].answer(request)

    @app.get("/page/{name}", include_in_schema=False)
    async def file(request: Request, name: str) -> Response:
        if name not in files:
            raise HTTPException(404)
        return files[name].answer(request)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(_described(app, service.holder.current, service.settings))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return description(_described(app, service.holder.current, service.settings))


def _body_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _described(app: FastAPI, served: Served, settings: Settings) -> dict[str, Any]:
    """Return the OpenAPI description, with the fields of the model that is in use."""
    said = get_openapi(
        title=_TITLE, version=served.about()["version"], summary=f"The model {served.name} in use", routes=app.routes
    )
    components = said.setdefault("components", {})
    # What is asked comes before what is answered.
    components["schemas"] = served.schema.definitions() | components.get("schemas", {})
    if settings.key is not None:
        components["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        for address in ("/predict", "/explain", "/model"):
            for operation in said["paths"][address].values():
                operation["security"] = [{"key": []}]
    return said


async def _refused(request: Request, error: Refused) -> Response:
    return refusal(error, request.state.request)


async def _unusable(request: Request, error: InputError) -> Response:
    return refusal(Refused(422, str(error)), request.state.request)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """Answer to a parameter of the address that cannot be used."""
    faults = [Fault(str(one["loc"][-1]), str(one["msg"])) for one in error.errors()]
    return refusal(Refused(422, "; ".join(map(str, faults)), faults), request.state.request)


async def _http(request: Request, error: HTTPException) -> Response:
    """Answer to an address or a method that there is not."""
    return refusal(Refused(error.status_code, error.detail, headers=error.headers), request.state.request)
