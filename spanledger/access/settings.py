"""Who is known: users with passwords, keys of scripts, and an OpenID Connect provider; read from the configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, cast

from spanledger.access.passwords import hash_password, read_hash
from store.configuration.secrets import Secret
from store.configuration.section import Section
from store.control.access import ROLES, Person, Role
from store.errors import ConfigError

TABLES: Final = ("user", "key", "oidc")
FIRST_USER: Final = "admin"


@dataclass(frozen=True)
class User:
    """Somebody who signs in with a password."""

    person: Person
    password_hash: str


@dataclass(frozen=True)
class Oidc:
    """A provider that says who somebody is; roles go by e-mail address, `*@example.com` means a whole domain."""

    server_metadata_url: str
    client_id: str
    client_secret: Secret
    admins: tuple[str, ...] = ()
    viewers: tuple[str, ...] = ()

    def find_person(self, claims: Mapping[str, object]) -> Person | None:
        """Return who the claims of a sign-in are about; None for who is on no list, or has an unproved address."""
        email = str(claims.get("email") or "").lower()
        if not email or claims.get("email_verified") is False:
            return None
        for role, patterns in (("admin", self.admins), ("viewer", self.viewers)):
            if any(fnmatchcase(email, pattern.lower()) for pattern in patterns):
                return Person(email, cast(Role, role))
        return None


@dataclass(frozen=True)
class AccessSettings:
    """All that may let somebody in; nothing of it: everybody who reaches the address."""

    users: tuple[User, ...] = ()
    keys: Mapping[str, Person] | None = None
    """Persons by the SHA-256 of their key, in hexadecimal digits."""
    oidc: Oidc | None = None

    @property
    def is_required(self) -> bool:
        """Whether people have to sign in."""
        return bool(self.users or self.keys or self.oidc)

    @property
    def lets_people_in(self) -> bool:
        """Whether there is a way to sign in on the pages."""
        return bool(self.users or self.oidc)


def parse_access(
    values: Mapping[str, object],
    *,
    password_file: Path | None = None,
    environ: Mapping[str, str],
    directory: Path,
) -> AccessSettings:
    """Return what the tables `user`, `key` and `oidc` say; `password_file` is that of the user `admin`.

    Raises:
        ConfigError: A key is unknown, a value wrong, a password too short, or a file cannot be read.
    """
    users = [_read_user(section) for section in _sections(values, "user", environ, directory)]
    if password_file is not None:
        users.insert(0, User(Person(FIRST_USER, "admin"), _read_file(directory / password_file.expanduser())))
    names = [user.person.name for user in users]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"[[user]]: two users are called {name!r}; give one another name")
    keys = dict(_read_key(section) for section in _sections(values, "key", environ, directory))
    return AccessSettings(tuple(users), keys or None, _read_oidc(values, environ, directory))


def _sections(
    values: Mapping[str, object], kind: str, environ: Mapping[str, str], directory: Path
) -> Sequence[Section]:
    tables = Section(f"[[{kind}]]", values).tables(kind)
    return [
        Section(
            f'[[{kind}]] "{table.get("name", number)}"',
            table,
            environ=environ,
            variable_prefix=f"SPANLEDGER_{kind.upper()}_{_spell(table.get('name'))}_",
            directory=directory,
        )
        for number, table in enumerate(tables, 1)
    ]


def _spell(name: object) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in str(name)).upper()


def _read_person(section: Section) -> Person:
    return Person(section.name(), cast(Role, section.choice("role", ROLES)))


def _read_user(section: Section) -> User:
    person, password = _read_person(section), section.secret("password")
    if password is None:
        raise ConfigError(
            f"{section.title}: password is missing; add password = the hash that spanledger access hash prints, "
            "or password_file"
        )
    section.finish()
    return User(person, read_hash(password.reveal(), where=f"{section.title}: password"))


def _read_key(section: Section) -> tuple[str, Person]:
    person, key = _read_person(section), section.secret("key")
    if key is None or len(key.reveal()) < 24:
        raise ConfigError(
            f"{section.title}: key is missing or shorter than 24 characters; make one with openssl rand -hex 24 "
            "and name its file in key_file"
        )
    section.finish()
    return hashlib.sha256(key.reveal().encode()).hexdigest(), person


def _read_oidc(values: Mapping[str, object], environ: Mapping[str, str], directory: Path) -> Oidc | None:
    if "oidc" not in values:
        return None
    section = Section(
        "[oidc]",
        Section("", values).table("oidc"),
        environ=environ,
        variable_prefix="SPANLEDGER_OIDC_",
        directory=directory,
    )
    secret = section.secret("client_secret")
    if secret is None:
        raise ConfigError(f"[oidc]: client_secret is missing; {section.secret_remedy('client_secret')}")
    found = Oidc(
        section.text("server_metadata_url"),
        section.text("client_id"),
        secret,
        section.texts("admins"),
        section.texts("viewers"),
    )
    section.finish()
    if not found.server_metadata_url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        section.fail(
            "server_metadata_url", "is no https address; the provider's ends in /openid-configuration"
        )
    if not (found.admins or found.viewers):
        raise ConfigError('[oidc]: nobody may come in; add admins = ["you@example.com"]')
    return found


def _read_file(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"[dashboard] password_file {path} cannot be read: {error}") from error
    return read_hash(text, where=f"[dashboard] password_file {path}")


def make_hash(password: str) -> str:
    """Return the hash of a password that is long enough.

    Raises:
        ConfigError: It is too short.
    """
    read_hash(password, where="the password")
    return hash_password(password)
