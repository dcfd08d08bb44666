"""`manage.py token <username> [--write]`: print a bearer token for a program."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from viewer.actions.token import issue


class Command(BaseCommand):
    help = "Print a bearer token (256 bits, 30 days, dead with its user). Only its digest is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--write", action="store_true", help="the token may also change things")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError("no active user has this name")
        self.stdout.write(issue(user, may_write=options["write"]))
