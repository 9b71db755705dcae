"""A request's path as its route has it, so that no value of it need be repeated. Pure."""

from collections.abc import Mapping
from typing import Any


def path_template(path: str, path_params: Mapping[str, Any]) -> str:
    """Return the path with the names of its parameters in the place of their values."""
    names = {str(value): f"{{{name}}}" for name, value in path_params.items()}
    for value in (value for value in names if "/" in value):
        path = path.removesuffix(value) + names[value]
    return "/".join(names.get(segment, segment) for segment in path.split("/"))
