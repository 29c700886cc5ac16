"""The client for programs without asyncio. Except for `wire.py`, it is made by scripts/make.py."""
