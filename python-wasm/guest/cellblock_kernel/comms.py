"""Comms: messages between Python objects and their views in a front end (ipywidgets, bokeh)."""

from . import door, eventloop, limits, streams


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


class Kernel:
    """What widgets ask their kernel for: whose output it is that is being made. It is nobody's unless the front end told."""

    def __init__(self, shell):
        self.shell = shell
        self.comm_manager = manager()
        self._message_id = None

    def get_parent(self, channel=None):
        if self._message_id is None:
            return {}
        return {"header": {"msg_id": self._message_id}}


def is_named():
    """Tells whether the front end told which message of its is being worked on."""
    from . import execute

    kernel = getattr(execute.shell, "kernel", None)
    return kernel is not None and kernel._message_id is not None


def belongs_to(shell, message_id):
    """What is shown from now on belongs to this message of the front end."""
    door.captures.clear()  # a cell that was ended from outside left its own
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        if message_id is None:
            return
        kernel = shell.kernel = Kernel(shell)
    kernel._message_id = message_id


def message(request, body):
    """Gives a comm message of the front end to the object it is for; what that raises is shown as a cell's error is."""
    from . import execute

    shell = execute.shell
    shell.last_error = None
    streams.gather.full = False
    streams.gather.begin()
    belongs_to(shell, request.get("message_id"))
    try:
        limits.arm()
        try:
            _deliver(request, body)
        except BaseException:
            shell.showtraceback()
        eventloop.settle()
    except BaseException as error:
        # An interrupt between the object's code and its error's text.
        shell.show_plainly(error)
    finally:
        limits.state.armed = False
    streams.gather.send()
    if shell.last_error is not None:
        return {"status": "error", **shell.last_error}
    return {"status": "ok"}


def _deliver(request, body):
    buffers, start = [], 0
    for length in request.get("buffers") or ():
        buffers.append(memoryview(body)[start : start + length])
        start += length
    content = request["content"]
    told = {"content": content, "buffers": buffers, "metadata": request.get("metadata") or {}}
    comms, kind = manager(), request["type"]
    if kind == "comm_open":
        comms.comm_open(None, None, told)
        return
    comm = comms.comms.get(content["comm_id"])
    if comm is None:
        return  # closed meanwhile, or from before a restart
    if kind == "comm_msg":
        comm.handle_msg(told)
    else:
        comm._closed = True
        del comms.comms[content["comm_id"]]
        comm.handle_close(told)


def info(request, body):
    """Answers with a Jupyter comm_info_reply."""
    target = request.get("target_name")
    comms = {
        name: {"target_name": comm.target_name}
        for name, comm in (_manager.comms.items() if _manager else ())
        if target is None or comm.target_name == target
    }
    return {"status": "ok", "comms": comms}
