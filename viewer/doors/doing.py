"""The verbs that one socket has asked for: done one after the other, in the order they came."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.utils.translation import gettext as _

from viewer import access, sessions, verbs
from viewer.doors.messages import Do
from viewer.doors.refusal import Refusal
from viewer.trouble import Gone, not_saved, once_more, writing

logger = logging.getLogger(__name__)

MOST_WAITING = 64
Tell = Callable[[dict[str, Any]], Awaitable[None]]


class Doer:
    """Does what a page asks for as whoever is behind its socket at that moment."""

    def __init__(self, tell: Tell, scope: Any, page: tuple[str, str] | None = None) -> None:
        """Take the socket's scope, and (archive, study UID) of the page's own study if it has one."""
        self.tell, self.scope, self.page = tell, scope, page
        self.line = asyncio.Lock()
        self.waiting = 0

    async def do(self, do: Do) -> None:
        """Do it when those before it are done, and tell how it went."""
        if self.waiting >= MOST_WAITING:
            await self._answer(do, 429, {"detail": _("Too many requests. Please wait a moment.")})
            return
        self.waiting += 1
        try:
            async with self.line:
                status, result = await self._done(do)
                await self._answer(do, status, result)
        finally:
            self.waiting -= 1

    async def _answer(self, do: Do, status: int, result: Any) -> None:
        await self.tell({"did": {"seq": do.seq, "status": status, "result": result}})

    async def _done(self, do: Do) -> tuple[int, Any]:
        try:
            done = await writing(once_more)(lambda: self._act(do))
        except Refusal as refusal:
            return refusal.status, {"detail": refusal.words}
        except Gone as error:
            return 503, {"detail": not_saved(error)}
        except Exception:
            logger.exception("%s failed", do.verb if do.verb in verbs.registry else "a verb")
            return 500, {"detail": _("The server could not do this.")}
        return done.status, done.result

    def _act(self, do: Do) -> verbs.Done:
        """Ask again who this is, and do it. Raises Refusal."""
        shown = access.credential(self.scope)
        who = access.person(shown) if shown is not None else None
        if shown is None or who is None:
            raise Refusal(401, _("Log in first"))
        if not who.may_write:
            raise Refusal(403, _("This token may only read"))
        done = verbs.do(who.user, do.verb, do.what, self.page)
        if shown.kind == "session" and verbs.registry[do.verb].by_hand:
            sessions.touch(shown.secret)
        return done
