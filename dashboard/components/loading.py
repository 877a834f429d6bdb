"""Turns the files of a component into a Streamlit component."""

from __future__ import annotations

from pathlib import Path

from streamlit.components.v2 import component
from streamlit.components.v2.types import ComponentRenderer

_DIRECTORY = Path(__file__).parent


def register(name: str, *uses: str) -> ComponentRenderer:
    """Register the component in the directory `name`; in front of its files stand the shared ones and `uses`."""

    def read(path: Path) -> str:
        return path.read_text(encoding="utf-8")

    own = _DIRECTORY / name
    scripts = sorted(own.glob("*.js"), key=lambda path: (path.stem == name, path.stem))
    return component(
        f"spanledger_{name}",
        html='<div class="sl"></div>',
        css="".join(read(_DIRECTORY / f"{part}.css") for part in ("shared", *uses))
        + read(own / f"{name}.css"),
        js="".join(
            read(path) for path in (*(_DIRECTORY / f"{part}.js" for part in ("shared", *uses)), *scripts)
        ),
    )
