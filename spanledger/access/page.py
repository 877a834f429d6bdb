"""The page on which people sign in: one file, no script, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1a2130; --muted: #5a6474; --line: #c9d0db;
  --accent: #2b54c8; --error: #c92a2a; --on: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f131a; --text: #e7eaf0; --muted: #9ea8b8; --line: #3a4556;
  --accent: #8fabff; --error: #ff7b72; --on: #0f131a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--text);
  font: 15px/1.45 system-ui, sans-serif; padding: 16px; }
main { width: min(360px, 100%); }
svg { display: block; margin-bottom: 18px; }
h1 { font-size: 22px; margin: 0 0 16px; font-weight: 650; }
label { display: block; margin: 12px 0 4px; color: var(--muted); }
input { width: 100%; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line);
  border-radius: 8px; padding: 9px 11px; }
button, .provider { display: block; width: 100%; margin-top: 18px; font: inherit; font-weight: 600; text-align: center;
  border-radius: 8px; padding: 10px; cursor: pointer; text-decoration: none; }
button { color: var(--on); background: var(--accent); border: 0; }
.provider { color: var(--accent); border: 1px solid var(--line); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
[role=alert] { color: var(--error); margin: 0 0 8px; }
"""
_LOGO: Final = (
    '<svg width="44" height="36" viewBox="0 0 44 36" aria-hidden="true">'
    '<rect width="44" height="8" rx="4" fill="#4a74e0"/>'
    '<rect x="10" y="14" width="20" height="8" rx="4" fill="#7352d6"/>'
    '<rect x="22" y="28" width="18" height="8" rx="4" fill="#0f9a78"/></svg>'
)


def write_page(wanted: str, problem: str, name: str, *, with_password: bool, provider: str) -> str:
    """Return the page; `wanted` is where the sign-in leads, `provider` the address that begins one elsewhere."""
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    form = (
        f"""<form method="post" action="/sign-in">{alert}
<input type="hidden" name="next" value="{escape(wanted)}">
<label for="name">Name</label>
<input id="name" name="name" value="{escape(name)}" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button></form>"""
        if with_password
        else alert
    )
    other = (
        f'<a class="provider" href="{escape(provider)}">Sign in with your organisation</a>'
        if provider
        else ""
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in · Spanledger</title><style>{_STYLE}</style></head>
<body><main>{_LOGO}<h1>Sign in to Spanledger</h1>{form}{other}</main></body></html>
"""
