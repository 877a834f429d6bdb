"""What all channels read in the same way."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section
from store.errors import ConfigError

DEFAULT_TIMEOUT: Final = timedelta(seconds=10)
_LONGEST_TIMEOUT: Final = timedelta(seconds=60)


def read_timeout_s(section: Section) -> float:
    """Return the seconds the other side has for an answer."""
    timeout = section.duration("timeout", DEFAULT_TIMEOUT, least=timedelta(milliseconds=100))
    if timeout > _LONGEST_TIMEOUT:
        section.fail("timeout", 'is longer than "1m"; shorten it')
    return timeout.total_seconds()


def read_url(section: Section, key: str = "url") -> SecretUrl:
    """Return a required http or https address, from the key, its file or the environment."""
    return _check_url(section, key, SecretUrl(require_secret(section, key).reveal()))


def read_api(section: Section, default: str) -> SecretUrl:
    """Return the address of a service's API: its own, unless `api` names another."""
    return _check_url(section, "api", SecretUrl(section.text("api", default)))


def require_secret(section: Section, key: str) -> Secret:
    """Return a secret from the key, its file or the environment."""
    secret = section.secret(key)
    if secret is None:
        raise ConfigError(f"{section.title}: {key} is missing; {section.secret_remedy(key)}")
    return secret


def _check_url(section: Section, key: str, url: SecretUrl) -> SecretUrl:
    try:
        parts = urlsplit(url.reveal())
        is_complete = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_complete = False
    if not is_complete or any(c.isspace() or not c.isprintable() for c in url.reveal()):
        raise ConfigError(f"{section.title}: {key} is not an address; start it with https:// and a host name")
    return url
