"""Turns the files of a component into a Streamlit component."""

from __future__ import annotations

from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

_DIRECTORY = Path(__file__).parent


def register(name: str) -> ComponentRenderer:
    """Register the component in the directory `name`, shared styles and functions in front of its own."""

    def read(path: Path) -> str:
        return path.read_text(encoding="utf-8")

    own = _DIRECTORY / name
    scripts = sorted(own.glob("*.js"), key=lambda path: (path.stem == name, path.stem))
    return component(
        f"spanledger_{name}",
        html='<div class="sl"></div>',
        css=read(_DIRECTORY / "shared.css") + read(own / f"{name}.css"),
        js=read(_DIRECTORY / "shared.js") + "".join(read(path) for path in scripts),
    )
