"""Bearer tokens at the REST doors."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
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


class BearerScheme(OpenApiAuthenticationExtension):
    """How the API's description names the tokens."""

    target_class = "viewer.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return OpenAPI's words for a bearer token."""
        return {"type": "http", "scheme": "bearer"}
