"""The models that the tests of the service share, and a client of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving_models import client, save_folder, save_result


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study's model folder; not to be changed."""
    return save_folder(tmp_path_factory.mktemp("served") / "model")


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare result: genre ~ energy + valence + key; not to be changed."""
    return save_result(tmp_path_factory.mktemp("saved") / "result")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[TestClient]:
    with client(folder) as one:
        yield one


@pytest.fixture(scope="module")
def bare(saved: Path) -> Iterator[TestClient]:
    with client(saved) as one:
        yield one
