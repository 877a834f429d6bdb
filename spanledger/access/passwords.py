"""Passwords as they are kept: salted and slow to try (scrypt), compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

from store.errors import ConfigError

SHORTEST: Final = 12
_COST: Final = 2**14
_BLOCK: Final = 8
_PARALLEL: Final = 1
_PREFIX: Final = "scrypt"
_DUMMY: Final = (
    "scrypt$16384$8$1$" + base64.b64encode(bytes(16)).decode() + "$" + base64.b64encode(bytes(32)).decode()
)


def hash_password(password: str) -> str:
    """Return what may be written down of a password: `scrypt$N$r$p$salt$hash`.

    Source of the cost: RFC 7914 and OWASP's password storage cheat sheet (2026-11): N=2^14, r=8, 16 MiB a try.
    """
    salt = secrets.token_bytes(16)
    digest = _derive(password, salt, _COST, _BLOCK, _PARALLEL)
    numbers = f"{_COST}${_BLOCK}${_PARALLEL}"
    return f"{_PREFIX}${numbers}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def read_hash(text: str, *, where: str) -> str:
    """Return the hash that a configuration or a file holds; a password in the clear is hashed.

    Raises:
        ConfigError: It is too short to be a password, or a broken hash.
    """
    text = text.strip()
    if text.startswith(f"{_PREFIX}$"):
        try:
            _parse(text)
        except ValueError as error:
            raise ConfigError(
                f"{where} is a broken hash; make it anew with spanledger access hash"
            ) from error
        return text
    if len(text) < SHORTEST:
        raise ConfigError(f"{where} is shorter than {SHORTEST} characters; choose a longer password")
    return hash_password(text)


def is_right(password: str, kept: str | None) -> bool:
    """Whether a password is the one that is kept; takes as long where none is, as for an unknown name."""
    cost, block, parallel, salt, digest = _parse(kept or _DUMMY)
    found = _derive(password, salt, cost, block, parallel)
    return hmac.compare_digest(found, digest) and kept is not None


def _parse(text: str) -> tuple[int, int, int, bytes, bytes]:
    _, cost, block, parallel, salt, digest = text.split("$")
    numbers = int(cost), int(block), int(parallel)
    if not (2**10 <= numbers[0] <= 2**20 and 1 <= numbers[1] <= 32 and 1 <= numbers[2] <= 16):
        raise ValueError("the cost is out of range")
    return *numbers, base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True)


def _derive(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block, p=parallel, dklen=32, maxmem=256 * cost * block
    )
