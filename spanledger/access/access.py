"""Says who asks: by the token of a sign-in, whoever vouched for it, or by a script's key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Semaphore
from typing import Final

from starlette.requests import cookie_parser

from spanledger.access.attempts import Attempts
from spanledger.access.passwords import is_right
from spanledger.access.settings import AccessSettings
from store import Control
from store.clock import Clock, utc_now
from store.control import sign_ins
from store.control.access import Person
from store.control.auditing import AuditRow, record_change

COOKIE: Final = "spanledger_session"
LENGTH: Final = timedelta(days=7)
_AT_ONCE: Final = 2
"""Passwords tried side by side: each takes 16 MiB and some 50 ms of a core."""

ReadClaims = Callable[[Mapping[str, str]], Mapping[str, object]]
"""Returns what a provider said of a visit, by the visit's cookies; empty where nothing was said."""


class Access:
    """Who is let in, by the headers of a request; safe to use from any thread."""

    def __init__(
        self,
        settings: AccessSettings,
        control: Control,
        *,
        read_claims: ReadClaims = lambda _: {},
        clock: Clock = utc_now,
    ) -> None:
        self.settings = settings
        self._control = control
        self._read_claims = read_claims
        self._clock = clock
        self._users = {user.person.name: user for user in settings.users}
        self._turns = Semaphore(_AT_ONCE)
        self.attempts = Attempts(clock)

    def identify(self, headers: Mapping[str, str]) -> Person | None:
        """Return who asks; None for strangers. Header names may be of any case."""
        if not self.settings.is_required:
            return Person()
        authorization = next(
            (value for name, value in headers.items() if name.lower() == "authorization"), ""
        )
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._find_key(credentials.strip())
        if token := _cookies_of(headers).get(COOKIE):
            with self._control.read() as connection:
                person = sign_ins.find_sign_in(connection, token, self._clock())
            return self._find_known(person.name) if person else None
        return None

    def _find_known(self, name: str) -> Person | None:
        """Return who this is now: somebody may have left the configuration, or have become a viewer."""
        if name in self._users:
            return self._users[name].person
        return self.settings.oidc.find_person({"email": name}) if self.settings.oidc else None

    def adopt(self, headers: Mapping[str, str], address: str) -> str | None:
        """Return a token for the browser of whom the provider knows and a list names; None for anybody else."""
        if self.settings.oidc is None:
            return None
        person = self.settings.oidc.find_person(self._read_claims(_cookies_of(headers)))
        return None if person is None else self._begin(person, address)

    def explain_stranger(self, headers: Mapping[str, str]) -> str:
        """Return why somebody whom the provider knows is not let in; empty where it knows nobody."""
        if self.settings.oidc is None or self.identify(headers) is not None:
            return ""
        email = self._read_claims(_cookies_of(headers)).get("email")
        return f"You are {str(email)[:200]} there, which is on no list here; ask an admin." if email else ""

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """Return a token for the browser of whoever this is the right password of; None when it is not."""
        user = self._users.get(name)
        with self._turns:
            is_known = is_right(password, user.password_hash if user else None)
        if user is None or not is_known:
            self.attempts.fail(name, address)
            self._record("sign_in.refuse", name[:100], address)
            return None
        self.attempts.succeed(name, address)
        return self._begin(user.person, address)

    def sign_out(self, headers: Mapping[str, str]) -> None:
        """Make the token of a visit worthless."""
        token = _cookies_of(headers).get(COOKIE)
        if not token:
            return
        with self._control.begin() as connection:
            person = sign_ins.find_sign_in(connection, token, self._clock())
            sign_ins.end_sign_in(connection, token)
        if person is not None:
            self._record("sign_out", person.name, "")

    def _begin(self, person: Person, address: str) -> str:
        self._record("sign_in", person.name, address)
        with self._control.begin() as connection:
            return sign_ins.add_sign_in(connection, person, self._clock(), LENGTH)

    def _find_key(self, key: str) -> Person | None:
        asked = hashlib.sha256(key.encode()).hexdigest()
        found = [
            person for kept, person in (self.settings.keys or {}).items() if hmac.compare_digest(kept, asked)
        ]
        return found[0] if found else None

    def _record(self, action: str, name: str, address: str) -> None:
        detail = {"address": address} if address else None
        row = AuditRow(
            happened_at=self._clock(), actor=name or "nobody", action=action, subject=name, detail=detail
        )
        with self._control.begin() as connection:
            record_change(connection, row)


def _cookies_of(headers: Mapping[str, str]) -> dict[str, str]:
    return cookie_parser(next((value for name, value in headers.items() if name.lower() == "cookie"), ""))
