"""The client for asyncio. Except for `wire.py`, the client without it is made from this one."""
