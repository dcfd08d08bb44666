"""`manage.py audit verify`: check the chain of the audit trail."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from viewer import audit


class Command(BaseCommand):
    help = "Check that no row of the audit trail was changed or taken away since it was sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["verify", "seal"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "seal":
            while audit.seal():
                pass
        wrong, sealed, unsealed = audit.verify()
        for words in wrong:
            self.stdout.write(f"WRONG: {words}")
        self.stdout.write(f"{sealed} events are sealed{'' if wrong else ' and intact'}.")
        if unsealed:
            self.stdout.write(f"{unsealed} events are not sealed yet: a running server seals within 5 seconds.")
        if wrong:
            sys.exit(1)
