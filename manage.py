#!/usr/bin/env python
"""Samsyn's commands: serve, demo, archive, token, audit, and Django's own."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command, or say in one line what keeps Samsyn from starting."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as refusal:
        sys.exit(f"Samsyn doesn't start: {refusal}")


if __name__ == "__main__":
    main()
