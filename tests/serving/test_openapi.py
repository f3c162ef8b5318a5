"""The description of the service holds: no request that it allows, or nearly, brings it down or surprises it."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode

from genreglm.serving.app import create_app
from genreglm.serving.settings import Settings

# The same requests each time, so that a build does not fail by luck.
BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
ASKED = [
    ("POST", "/predict", GenerationMode.POSITIVE),
    ("POST", "/predict", GenerationMode.NEGATIVE),
    ("POST", "/explain", GenerationMode.POSITIVE),
    ("POST", "/explain", GenerationMode.NEGATIVE),
    ("GET", "/model", GenerationMode.POSITIVE),
    ("GET", "/health", GenerationMode.POSITIVE),
]


@pytest.fixture(scope="module", params=["folder", "saved"])
def described(request: pytest.FixtureRequest) -> schemathesis.BaseSchema:
    """The service of a study's folder, and that of a bare result, as they describe themselves."""
    path: Path = request.getfixturevalue(request.param)
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(path, Settings(hosts=())))


@pytest.mark.parametrize(("method", "path", "mode"), ASKED)
def test_the_description_holds(
    described: schemathesis.BaseSchema, method: str, path: str, mode: GenerationMode
) -> None:
    @BOUNDED
    @given(case=described[path][method].as_strategy(mode))
    def ask(case: schemathesis.Case) -> None:
        # That a genre is not compared with itself is more than a schema can say.
        assume(mode is GenerationMode.NEGATIVE or path != "/explain" or not _compared_with_itself(case.body))
        case.call_and_validate()

    ask()


def _compared_with_itself(body: dict[str, object]) -> bool:
    return body.get("genre") is not None and body.get("genre") == body.get("other")


def test_the_description_names_every_answer(described: schemathesis.BaseSchema) -> None:
    paths = described.raw_schema["paths"]
    assert set(paths) == {"/predict", "/explain", "/model", "/health"}
    assert {"200", "400", "401", "408", "413", "415", "422", "503"} <= set(paths["/predict"]["post"]["responses"])
    assert described.raw_schema["components"]["schemas"]["Track"]["additionalProperties"] is False
