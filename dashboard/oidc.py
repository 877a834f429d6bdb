"""Streamlit's own sign-in by OpenID Connect (`st.login`): its settings, where it begins, and what its cookie says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from streamlit.auth_util import encode_provider_token, get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

PROVIDER: Final = "default"
CALLBACK: Final = "/oauth2callback"


def write_secrets(
    server_metadata_url: str, client_id: str, client_secret: str, *, url: str, cookie_secret: str
) -> dict[str, Any]:
    """Return what Streamlit's `st.secrets` must hold; `url` is the address of the dashboard."""
    return {
        "auth": {
            "redirect_uri": url + CALLBACK,
            "cookie_secret": cookie_secret,
            "client_id": client_id,
            "client_secret": client_secret,
            "server_metadata_url": server_metadata_url,
        }
    }


def start_address() -> str:
    """Return the address that sends a browser to the provider; it holds for some minutes."""
    return f"/auth/login?{urlencode({'provider': encode_provider_token(PROVIDER)})}"


def read_claims(cookies: Mapping[str, str]) -> Mapping[str, object]:
    """Return what the provider said of whoever has these cookies; empty where they are missing, forged or too old."""

    def read(name: str) -> bytes | None:
        value = cookies.get(name)
        return (
            None if value is None else decode_signed_value(get_cookie_secret(), name, value.encode("latin-1"))
        )

    try:
        text = get_cookie_with_chunks(read, USER_COOKIE_NAME)
        claims: object = json.loads(text) if text else {}
    except (ValueError, UnicodeError):
        return {}
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") else {}
