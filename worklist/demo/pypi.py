"""Fetch one file of a release with pip's own settings (index, proxy, certificates), and run nothing of what is in it.

`pip download` prepares the metadata of a source release, which runs its build; so pip is only asked where the file
lies. Started as a process of its own (`python -m worklist.demo.pypi project filename target`): pip is no library.
"""

import sys
from optparse import Values

from pip._internal.commands.download import DownloadCommand
from pip._internal.exceptions import PipError
from pip._vendor.requests.exceptions import RequestException

from worklist.demo.fetch import ABSENT, UNREACHABLE

BLOCK = 1 << 20


class FetchCommand(DownloadCommand):
    """pip's download command, without its resolver."""

    def run(self, options: Values, args: list[str]) -> int:
        """Write the file named `args[1]` of project `args[0]` to `args[2]`."""
        project, filename, target = args
        try:
            session = self.get_default_session(options)
            finder = self._build_package_finder(options=options, session=session)
            links = [candidate.link for candidate in finder.find_all_candidates(project)]
            link = next((link for link in links if link.filename == filename), None)
            if link is None:
                return ABSENT if links else UNREACHABLE  # pip tells no difference between no project and no answer
            response = session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"}, stream=True)
            response.raise_for_status()
            with open(target, "wb") as file:
                for block in response.iter_content(BLOCK):
                    file.write(block)
        except (PipError, RequestException, OSError) as error:
            print(type(error).__name__, file=sys.stderr)
            return UNREACHABLE
        return 0


if __name__ == "__main__":
    # The second name is what pip calls the command in its settings: [download] applies.
    command = FetchCommand("download", "fetch one file")
    command.parser.set_defaults(retries=1)  # without a network the other studies shouldn't wait for minutes
    raise SystemExit(command.main(sys.argv[1:]))
