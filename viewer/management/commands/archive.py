"""`manage.py archive check <url>`: try an archive verb by verb, before trusting it with a reader's day."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils.translation import gettext

from viewer import archives
from viewer.archive import Archive, ArchiveError, FolderArchive, connect
from viewer.archive.check import Check
from viewer.archive.port import ScanReport
from viewer.sources import Source

SHOWN_REASONS = 20


class Command(BaseCommand):
    help = "Try an archive: searches, metadata, frames, bulk data and storing, one by one."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["check"])
        parser.add_argument("archive", help="a DICOMweb root, a folder, or the name of a configured archive")
        parser.add_argument("--auth-file", help="file with basic:user:password or bearer:token for a DICOMweb root")
        parser.add_argument("--store", action="store_true", help="also store one tiny test object, which stays there")

    def handle(self, *args: Any, **options: Any) -> None:
        auth = f"file:{options['auth_file']}" if options["auth_file"] else None
        location = options["archive"]
        configured = self._configured(location)
        if configured is not None:
            location, auth = configured.location, auth or configured.auth
        with tempfile.TemporaryDirectory(prefix="samsyn-check-") as state:
            try:
                archive = connect("check", str(location), auth=auth, state=Path(state))
                if isinstance(archive, FolderArchive):
                    self._scanned(archive.scan(settle=0))
            except (ArchiveError, ValueError) as error:
                raise CommandError(str(error)) from error
            failures = self._tried(archive, store=options["store"])
        if failures:
            raise CommandError(gettext("{count} of the trials failed").format(count=failures))

    def _configured(self, name: str) -> Source | None:
        """Return where the archive of this name lies; None for a path, an address, and where no database answers."""
        if name in settings.ARCHIVES:
            return settings.ARCHIVES[name]
        if "/" in name:
            return None
        try:
            site = archives.sites().get(name)
        except Error:
            return None
        return site.source if site is not None else None

    def _tried(self, archive: Archive, *, store: bool) -> int:
        failures = 0
        for finding in Check(archive, store=store).findings():
            style = {"works": self.style.SUCCESS, "fails": self.style.ERROR}.get(finding.state, self.style.WARNING)
            state = style(f"{gettext(finding.state):<13}")
            self.stdout.write(f"{state}{finding.seconds:6.2f} s  {gettext(finding.step)}: {finding.words}")
            failures += finding.state == "fails"
        return failures

    def _scanned(self, report: ScanReport) -> None:
        self.stdout.write(
            gettext("{files} files, {instances} instances, {skipped} skipped, {seconds:.2f} s").format(
                files=report.files, instances=report.instances, skipped=len(report.skipped), seconds=report.seconds
            )
        )
        for skipped in report.skipped[:SHOWN_REASONS]:
            self.stdout.write(f"  {skipped.path}: {skipped.reason}")
        for conflict in report.conflicts[:SHOWN_REASONS]:
            self.stdout.write(self.style.WARNING(f"  {', '.join(conflict.paths)}: {conflict.words}"))
