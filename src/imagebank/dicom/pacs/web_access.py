"""How we show a web service who we are: basic, a token that is given, or one that a token service gives (OAuth2)."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx

from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.model import PacsError

EARLY_SECONDS = 30.0  # before its end that a token is renewed, or half of its life where that is shorter
LIFE_SECONDS = 3600.0  # of a token whose end was not told; one that ends earlier is renewed once it is refused
CLIENT_IS_REFUSED = (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED)
SHOWN = "show who we are"


@dataclass(frozen=True)
class Access:
    """How we show who we are: basic, a token that is given, or client credentials that are changed for one."""

    user: str = ""
    password: Private = NOBODY
    token: Private = NOBODY
    token_url: str = ""
    client_id: str = ""
    client_secret: Private = NOBODY
    token_scope: str = ""


def authentication(access: Access) -> httpx.Auth | None:
    """What httpx needs to show who we are; None where nobody asks."""
    if access.user:
        return httpx.BasicAuth(access.user, access.password.reveal(SHOWN))
    return Tokens(access) if access.token or access.token_url else None


class Tokens(httpx.Auth):
    """Bearer tokens for client credentials (RFC 6749, section 4.4), renewed before they end or once refused."""

    def __init__(self, access: Access) -> None:
        self._access, self._token, self._until = access, access.token, float("inf")
        self._as_basic = False  # how the token service wants the secret: in the form, or in a header
        if access.token_url:
            self._until = 0.0

    def auth_flow(self, request: httpx.Request) -> Any:
        """What httpx asks of an authentication: the requests to send, in order."""
        if time.monotonic() > self._until:
            yield from self._renew()
        request.headers["Authorization"] = self._bearer()
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED and self._access.token_url:
            yield from self._renew()
            request.headers["Authorization"] = self._bearer()
            yield request

    def _bearer(self) -> str:
        return f"Bearer {self._token.reveal(SHOWN)}"

    def _renew(self) -> Any:
        answer = yield self._ask()
        if answer.status_code in CLIENT_IS_REFUSED:  # every token service takes the one or the other
            self._as_basic = not self._as_basic
            answer = yield self._ask()
        self._take(answer)

    def _ask(self) -> httpx.Request:
        access = self._access
        secret = access.client_secret.reveal("have a token")
        form, headers = {"grant_type": "client_credentials"}, {"Accept": "application/json"}
        if access.token_scope:
            form["scope"] = access.token_scope
        if self._as_basic:
            pair = f"{quote_plus(access.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": access.client_id, "client_secret": secret}
        return httpx.Request("POST", access.token_url, data=form, headers=headers)

    def _take(self, answer: httpx.Response) -> None:
        if answer.status_code in (*CLIENT_IS_REFUSED, httpx.codes.FORBIDDEN):
            raise PacsError("token-refused")
        told = _told_by(answer) if answer.is_success else {}
        token = told.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise PacsError("no-token")
        life = _seconds(told.get("expires_in"))
        self._token, self._until = Private(token), time.monotonic() + life - min(EARLY_SECONDS, life / 2)


def _told_by(answer: httpx.Response) -> dict[str, Any]:
    """The answer of a token service. Only this one is read here: that of a retrieval must not be held in memory."""
    answer.read()
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(told: object) -> float:
    """How long a token lives."""
    try:
        life = float(told)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return LIFE_SECONDS
    return life if 0 <= life < float("inf") else LIFE_SECONDS
