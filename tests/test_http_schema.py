"""Whatever the schema allows, and much that it forbids, gets an answer that the schema describes; never a defect."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from doubles import CORPUS, open_assistant
from http_server import served, settings
from hypothesis import given
from hypothesis.errors import InvalidArgument, Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rag.http.app import create_app

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("schema")
    shutil.copytree(CORPUS, home / "corpus")
    # Fetching what a generator makes up would ask the machine's resolver for names.
    with (
        open_assistant(home) as assistant,
        served(create_app(assistant, settings(url_imports=False))) as address,
    ):
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_keeps_to_its_description(described: Any, mode: GenerationMode) -> None:
    operations = [result.ok() for result in described.get_all_operations()]
    assert len(operations) == 15
    for operation in operations:
        keeps_to_its_description(operation.as_strategy(generation_mode=mode))


def keeps_to_its_description(cases: SearchStrategy[schemathesis.Case]) -> None:
    @given(cases)
    @hypothesis.settings(max_examples=15, suppress_health_check=list(hypothesis.HealthCheck), database=None)
    def asked(case: schemathesis.Case) -> None:
        case.validate_response(case.call(), checks=CHECKS)

    try:
        asked()
    except (Unsatisfiable, InvalidArgument):  # nothing about the operation can be wrong
        return
