"""Settings, addresses and the ASGI application: how the rooms are put together."""
