"""The login behind the screens: which server, who, with what token; what is kept of it, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from agentconsole import cache, credentials
from agentconsole.client import Client, End, Problem, login, logout, server_url
from agentconsole.screens.login import LoginDialog

if TYPE_CHECKING:
    from agentconsole.screens.host import Host
    from agentconsole.start import Start

ENDED = "Your session has ended. Log in again: drafts and unsent lines are kept."
NOT_REVOKED = (
    "You are logged out here, but the server could not be told: {} Until it ends by itself or is revoked there, the "
    "login would still be good for whoever has copied its token."
)
PICTURE_MS = 10_000


class Session:
    """One person on one server, from login to leaving. ``on_disk`` = tokens, unsent words and the last picture are kept."""

    def __init__(
        self, app: Host, server: str, user: str, token: str, on_disk: bool, start: Start | None = None
    ) -> None:
        """``start`` is a connection that runs already."""
        self.app = app
        self.server, self.user, self.token = server, user, token
        self.on_disk = on_disk
        self.start = start
        self.words: cache.Words | None = None
        self._pictured = 0

    def client(self) -> Client:
        """The client that runs already, or a new one for this session."""
        if self.start and self.start.client:
            return self.start.client
        save = self.words.save if self.words else None
        return Client(
            self.server, self.token, self.app.store, self.app.changed, save=save, clock=self.app.clock
        )

    async def run(self) -> None:
        """Stay connected until the person leaves; then another window may have what is still unsent."""
        try:
            await self._run()
        finally:
            if self.words:
                self.words.close()

    async def _run(self) -> None:
        """Log in if need be; log in again when the session ends, with everything kept."""
        why, again = "", False
        if self.start:
            await self._take_over(self.start)
        elif not self.token and self.on_disk and self.server and self.user:
            await self._find()
        while True:
            if not self.token:
                dialog = LoginDialog(self.try_login, self.server, self.user, why, again)
                if not await self.app.push_screen_wait(dialog):
                    self.app.exit(0)
                    return
            self._adopt_words()
            self.app.client = self.app.actions.client = self.client()
            if await self._life() is End.stopped:
                return
            self.start = None
            await self.forget()
            why, again = ENDED, True

    async def _life(self) -> End:
        return await (self.start.life if self.start and self.start.life else self.app.client.run())

    async def _take_over(self, start: Start) -> None:
        """What the start has found and begun."""
        await start.taken_over(self.app.changed)
        self.token, self.words = start.token, start.words
        if start.notices:
            self.app.tell(" ".join(start.notices), "warn")

    async def try_login(self, server: str, name: str, password: str) -> str:
        """'' when it worked, else a sentence."""
        try:
            server = server_url(server)
            session = await login(server, name, password, "console")
        except (Problem, ValueError) as problem:
            return str(problem)
        self.server, self.user, self.token = server, name, session.token
        if self.on_disk:
            await self._keep()
        return ""

    async def _find(self) -> None:
        """The token of the last time, if it was kept."""
        found = await credentials.find(self.server, self.user)
        self.token = found.token
        if found.notice:
            self.app.tell(found.notice, "warn")

    async def _keep(self) -> None:
        kept = await credentials.keep(self.server, self.user, self.token)
        if kept.notice:
            self.app.tell(kept.notice)

    async def forget(self) -> None:
        """The token is worth nothing any more."""
        self.token = ""
        if self.on_disk:
            try:
                await credentials.forget(self.server, self.user)
                cache.forget_picture(self.server, self.user)
            except OSError as error:
                self.app.tell(f"The old login could not be removed: {error}", "warn")

    async def log_out(self) -> None:
        """Forget the token and the last picture here, revoke it, and leave; that the server could not be told is said
        where the person is then, in the shell."""
        token = self.token
        self.app.client.stop()
        await self.forget()
        try:
            await logout(self.server, token)
        except Problem as problem:
            self.app.exit(0, message=Text(NOT_REVOKED.format(problem)))
        else:
            self.app.exit(0)

    def _adopt_words(self) -> None:
        """Take over what an earlier window left unsent."""
        if not self.on_disk or self.words is not None:
            return
        try:
            self.words = cache.Words(cache.place(self.server, self.user))
            self.words.adopt(self.app.store)
        except OSError as error:
            self.app.tell(f"Drafts cannot be kept over a crash: {error}", "warn")

    # --- the last picture ---

    def picture(self, now: int) -> cache.Picture | None:
        """The picture to keep now; None if it is too early, or nothing is known yet."""
        if not (self.on_disk and self.token and self.app.store.synced) or now - self._pictured < PICTURE_MS:
            return None
        self._pictured = now
        theme = self.app.current_theme
        bar, dim = (theme.variables.get(name, "") for name in ("bar", "ink-dim"))
        inks = cache.Inks(theme.foreground or "", theme.background or "", bar, dim, theme.primary)
        return cache.picture(self.app.store, self.server, self.user, now, inks)
