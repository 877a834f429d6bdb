"""A page run as a script, and what it sent to the browser."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest


def open_page(path: str = "", **query: str) -> AppTest:
    app = AppTest.from_string(f"from dashboard.frame import show\nshow({path!r})\n", default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception, app.exception[0].value
    return app


def components(app: AppTest, name: str) -> list[dict[str, Any]]:
    """Return the data that was sent to the components called `name`; browsers take no NaN for JSON."""
    found = [element.proto for element in app.get("bidi_component")]
    return [
        json.loads(proto.json or proto.mixed.json, parse_constant=_refuse, object_hook=_with_target)
        for proto in found
        if proto.component_name.endswith(name)
    ]


def _with_target(value: dict[str, Any]) -> dict[str, Any]:
    """Add to what leads somewhere the page and the query that its address means."""
    if not value.get("href"):
        return value
    address = urlsplit(value["href"])
    return {**value, "target": {"path": address.path[1:], "query": parse_qs(address.query)}}


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} was sent to a component, whose browser cannot read it")


def notices(app: AppTest) -> str:
    return "\n".join(f"{data['title']} {data['text']}" for data in components(app, "notice"))
