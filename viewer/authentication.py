"""Bearer tokens at the REST doors."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from viewer.access import Credential, person


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`; a token without --write may only read."""

    def authenticate(self, request: Request) -> tuple[Any, str] | None:
        """Return the token's user; None when the request shows no token."""
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        who = person(Credential("token", secret.strip()))
        if who is None:
            raise AuthenticationFailed
        if request.method not in ("GET", "HEAD", "OPTIONS") and not who.may_write:
            raise PermissionDenied
        return who.user, "token"

    def authenticate_header(self, request: Request) -> str:
        """Return what makes a refusal 401."""
        return "Bearer"
