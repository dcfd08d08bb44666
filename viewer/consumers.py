"""The one socket of a page."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class ListConsumer(AsyncJsonWebsocketConsumer):
    """The socket of a list."""

    async def connect(self) -> None:
        if not self.scope["user"].is_authenticated:
            await self.close(4401)
            return
        await self.accept()


class ViewerConsumer(ListConsumer):
    """The socket of a viewer page."""
