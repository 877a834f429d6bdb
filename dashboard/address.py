"""Keeps widgets and the address in step, so that every view is a URL and Back works.

The address is the authority: where it says something new (a link, Back, a reload), widgets take it over before
they are drawn; where a person changed a widget, the address follows and the browser gains a step of history.
Streamlit's own `bind` replaces the browser's history instead of adding to it, and forbids links to set what it binds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

T = TypeVar("T")

MAX_VALUES = 20
MAX_CHARACTERS = 200
MAX_NUMBER = 1e8


def read_values(name: str, longest: int = MAX_CHARACTERS) -> tuple[str, ...]:
    """Return the values that the address has for `name`, within bounds."""
    return tuple(value for value in st.query_params.get_all(name)[:MAX_VALUES] if len(value) <= longest)


def enter_page(path: str) -> None:
    """Let the address speak anew for every widget when another page begins: widgets do not outlive their page."""
    if st.session_state.get("address_path") != path:
        st.session_state["address_path"] = path
        st.session_state["addresses"] = {}


def take_over(name: str, read: Callable[[tuple[str, ...]], T], *, longest: int = MAX_CHARACTERS) -> bool:
    """Give the widget with the key `name` what the address says, when that is new; return whether it was.

    `read` turns the values of the address into one of the widget, whatever they are.
    """
    seen: dict[str, tuple[str, ...]] = st.session_state.setdefault("addresses", {})
    values = read_values(name, longest)
    is_new = seen.get(name) != values
    if is_new or name not in st.session_state:
        st.session_state[name] = read(values)
    seen[name] = values
    return is_new


def write_back(name: str, values: Sequence[str], *, longest: int = MAX_CHARACTERS) -> None:
    """Make the address say `values` for `name`; nothing when there are none."""
    if tuple(values) == read_values(name, longest) and len(values) == len(st.query_params.get_all(name)):
        return
    st.session_state["addresses"][name] = tuple(values)
    if values:
        st.query_params[name] = values[0] if len(values) == 1 else list(values)
    elif name in st.query_params:
        del st.query_params[name]


def choose_toggle(label: str, name: str, *, help: str | None = None) -> bool:
    """Draw a toggle that the address holds."""
    take_over(name, lambda values: values == ("true",))
    is_on = st.toggle(label, key=name, help=help)
    write_back(name, ["true"] if is_on else [])
    return is_on


def choose_text(label: str, name: str, *, placeholder: str, width_px: int) -> str:
    """Draw a field for text that the address holds; the label is for screen readers."""
    take_over(name, lambda values: values[0] if values else "")
    text = st.text_input(
        label,
        key=name,
        placeholder=placeholder,
        max_chars=MAX_CHARACTERS,
        width=width_px,
        label_visibility="collapsed",
    )
    text = text.strip()
    write_back(name, [text] if text else [])
    return text


def choose_least(label: str, name: str, *, placeholder: str, width_px: int = 165) -> float:
    """Draw a field for a number above 0 that the address holds; 0 where none is given."""
    take_over(name, _read_number)
    number = st.number_input(
        label, min_value=0.0, max_value=MAX_NUMBER, value=None, step=1.0, format="%.3g", key=name, width=width_px,
        placeholder=placeholder, label_visibility="collapsed",
    )  # fmt: skip
    write_back(name, [f"{number:.6g}"] if number else [])
    return number or 0.0


def _read_number(values: tuple[str, ...]) -> float | None:
    try:
        number = float(values[0]) if values else 0.0
    except ValueError:
        return None
    return number if 0 < number <= MAX_NUMBER else None


def choose_one(
    label: str, options: Sequence[str], name: str, *, default: str, say: Callable[[str], str] = str
) -> str:
    """Draw a row of options of which one holds; the address leaves the default out."""
    take_over(name, lambda values: values[0] if values and values[0] in options else default)
    chosen = (
        st.segmented_control(
            label, options, required=True, key=name, label_visibility="collapsed", format_func=say
        )
        or default
    )
    write_back(name, [] if chosen == default else [chosen])
    return chosen


def choose_option(label: str, options: Sequence[str], name: str, *, default: str, say: str = "") -> str:
    """Draw a list of options of which one holds; the address leaves the default out. `say` names an empty option."""
    take_over(name, lambda values: values[0] if values and values[0] in options else default)
    if st.session_state[name] not in options:
        st.session_state[name] = default
    chosen = st.selectbox(label, options, key=name, format_func=lambda option: option or say) or default
    write_back(name, [] if chosen == default else [chosen])
    return chosen


def choose_some(
    label: str, options: Sequence[str], name: str, *, say: Callable[[str], str] = str
) -> tuple[str, ...]:
    """Draw options of which any may hold; none means all."""
    take_over(name, lambda values: [value for value in values if value in options])
    chosen = st.pills(
        label, options, selection_mode="multi", key=name, label_visibility="collapsed", format_func=say
    )
    write_back(name, list(chosen))
    return tuple(chosen)


def choose_page(asked: object, *, most: int = 10_000) -> int:
    """Return the page of a list, which the address holds; another question, `asked`, begins at its first one.

    The control itself, `st.pagination(..., key="page")`, is drawn under the list.
    """
    is_new = take_over("page", lambda values: int(values[0]) if values and values[0].isdecimal() else 1)
    if not is_new and st.session_state.get("searched", asked) != asked:
        st.session_state["page"] = 1
    st.session_state["searched"] = asked
    page = min(max(1, st.session_state["page"]), most)
    write_back("page", [] if page == 1 else [str(page)])
    return page
