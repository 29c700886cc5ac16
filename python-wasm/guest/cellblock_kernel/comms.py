"""Comms: messages between Python objects and their views in a front end (ipywidgets, bokeh)."""

from . import door, streams


def _base():
    from comm.base_comm import BaseComm

    class Comm(BaseComm):
        """A comm whose messages leave by the door."""

        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            content = {"data": door.clean(data or {}), "comm_id": self.comm_id, **keys}
            streams.gather.send()
            door.emit(msg_type, content, door.clean(metadata or {}), buffers or ())

    return Comm


_manager = None


def manager():
    """The session's comm manager, made with the first comm."""
    global _manager
    if _manager is None:
        from comm.base_comm import CommManager

        _manager = CommManager()
    return _manager


def install(module):
    """Makes package `comm` use the door."""
    kind = _base()
    module.create_comm = lambda *arguments, **keywords: kind(*arguments, **keywords)
    module.get_comm_manager = manager


def message(request, body):
    """A comm message from the front end: {"type": "comm_open"|"comm_msg"|"comm_close", "content": {...}}."""
    kind = request.get("type")
    handler = {
        "comm_open": manager().comm_open,
        "comm_msg": manager().comm_msg,
        "comm_close": manager().comm_close,
    }.get(kind)
    if handler is None:
        return {"status": "error", "ename": "ValueError", "evalue": f"no comm message {kind!r}", "traceback": []}
    handler(
        None, None, {"content": request.get("content") or {}, "buffers": [], "metadata": request.get("metadata") or {}}
    )
    streams.gather.send()
    return {"status": "ok"}
