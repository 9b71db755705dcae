"""The description of the API is whole: every route, every answer, every problem."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from viewer_api.problems import PROBLEM_SCHEMA

READING = {"reading list", "reports", "requests"}
SCHEMAS = [f"viewer_api.{path.stem}" for path in Path(__file__).parents[2].glob("viewer_api/*_schemas.py")]
METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture(scope="module")
def described(application: FastAPI) -> dict[str, Any]:
    return application.openapi()


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_every_operation_has_a_name_of_its_own_a_tag_and_a_summary(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(set(names)) == len(names) > 40
    for path, method, operation in operations(described):
        assert operation["tags"], (method, path)
        assert operation["summary"], (method, path)


def test_dicomweb_is_described_at_both_roots(described: dict[str, Any]) -> None:
    union = {
        path.removeprefix("/dicom-web")
        for path in described["paths"]
        if path.startswith("/dicom-web/studies")
    }
    at_site = {
        path.removeprefix("/dicom-web/sites/{site_id}")
        for path in described["paths"]
        if path.startswith("/dicom-web/sites/{site_id}/studies")
    }
    assert union == at_site
    assert len(union) > 10


def test_every_parameter_of_a_path_is_described(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        named = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        in_path = {part.partition(":")[0] for part in path.replace("}", "{").split("{")[1::2]}
        assert named == in_path, (method, path)


def test_whoever_has_to_log_in_is_told_how(described: dict[str, Any]) -> None:
    assert set(described["components"]["securitySchemes"]) == {"session", "token"}
    open_to_all = {path for path, _, operation in operations(described) if not operation.get("security")}
    assert open_to_all >= {"/healthz", "/readyz", "/api/v1/login"}
    assert not [path for path in open_to_all if path.startswith("/dicom-web")]
    for path, method, operation in operations(described):
        if operation.get("security"):
            assert {"401", "403"} <= set(operation["responses"]), (method, path)


def test_every_error_is_described_as_a_problem(described: dict[str, Any]) -> None:
    assert described["components"]["schemas"]["Problem"] == PROBLEM_SCHEMA
    for path, method, operation in operations(described):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                content = answer["content"]["application/problem+json"]
                assert content["schema"]["$ref"] == "#/components/schemas/Problem", (method, path, status)
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [each for value in node.values() for each in references(value)]
        return [each for value in node for each in references(value)] if isinstance(node, list) else []

    for reference in references(described):
        target: Any = described
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_every_body_of_reading_is_shown_by_an_example_that_its_own_model_takes(
    described: dict[str, Any],
) -> None:
    shown = set()
    for _, _, operation in operations(described):
        if not READING & set(operation["tags"]):
            continue
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [answer for status, answer in operation["responses"].items() if status in {"200", "201"}]
        for body in bodies:
            schema = body["content"].get("application/json", {}).get("schema")
            shown |= {schema["$ref"].rpartition("/")[2]} if schema else set()
    # A model whose name another one has too would be shown under its module's, and be missed here.
    models = {
        name: model
        for module in map(import_module, SCHEMAS)
        for name, model in vars(module).items()
        if name in shown
    }
    assert models.keys() == shown
    assert len(shown) > 10
    for name, model in models.items():
        assert "example" in described["components"]["schemas"][name], name
        # The framework leaves what is null out of the description, so the model's own is tried.
        example = model.model_config["json_schema_extra"]["example"]
        assert model.model_validate(example).model_dump(mode="json").keys() == example.keys(), name
