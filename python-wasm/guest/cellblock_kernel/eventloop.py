"""asyncio without sockets: a loop that needs no self-pipe, as Pyodide's web loop does.

The loop sleeps until its next timer is due. Nothing can wake it from outside, for there is no other thread; a loop
that waits for nothing with no timer would sleep for ever, and says so instead.
"""

import asyncio
import time
from asyncio import base_events, events, tasks

MAXIMUM_SLEEP = 0.05  # seconds at a time, so that an interrupt is seen soon


class _Selector:
    """Stands where BaseEventLoop expects a selector: there are no files to wait for, only time."""

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("the event loop waits for something that can never happen in this sandbox (deadlock)")
        end = time.monotonic() + timeout
        while timeout > 0:
            time.sleep(min(timeout, MAXIMUM_SLEEP))
            timeout = end - time.monotonic()
        return ()

    def get_map(self):
        return {}

    def close(self):
        pass


class Loop(base_events.BaseEventLoop):
    """The event loop of the sandbox. It may run inside itself, as nest_asyncio allows."""

    def __init__(self):
        super().__init__()
        self._selector = _Selector()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass

    def run_until_complete(self, future):
        if not self.is_running():
            return super().run_until_complete(future)
        return self._run_inside(future)

    def _run_inside(self, future):
        """Runs on until `future` is done although a callback of this loop is on the stack."""
        self._check_closed()
        task = tasks.ensure_future(future, loop=self)
        current = asyncio.current_task(self)
        if current is not None:
            tasks._leave_task(self, current)
        try:
            while not task.done():
                self._run_once()
        finally:
            if current is not None:
                tasks._enter_task(self, current)
        return task.result()

    def run_in_executor(self, executor, func, *args):
        """Runs the function now: there are no threads to hand it to."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            future.set_exception(error)
        return future

    def call_soon_threadsafe(self, callback, *args, context=None):
        return self.call_soon(callback, *args, context=context)

    async def getaddrinfo(self, *arguments, **keywords):
        raise OSError("there is no network in this sandbox")

    getnameinfo = getaddrinfo

    async def create_connection(self, *arguments, **keywords):
        raise OSError("there is no network in this sandbox")

    create_datagram_endpoint = create_server = create_connection

    async def subprocess_exec(self, *arguments, **keywords):
        raise OSError("processes are not available in this sandbox")

    subprocess_shell = subprocess_exec

    def add_signal_handler(self, *arguments):
        raise NotImplementedError("signal handlers of the event loop are not available in this sandbox")

    def remove_signal_handler(self, signal):
        return False


_loop = None  # the notebook's own: cells with top-level await run on it


def loop():
    """Returns the notebook's loop, a new one when the user has closed it."""
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = Loop()
        events.set_event_loop(_loop)
    return _loop


def run(coroutine):
    """Runs a cell's coroutine to its end."""
    __tracebackhide__ = "__ipython_bottom__"
    own = loop()
    task = own.create_task(coroutine)
    try:
        return own.run_until_complete(task)
    except KeyboardInterrupt:
        task.cancel()
        raise


def settle(steps=100):
    """Between cells: lets tasks that are ready go on for a few steps, without waiting for any."""
    own = _loop
    if own is None or not own._ready or own.is_running() or own.is_closed():
        return
    own.call_soon(own.stop) if steps <= 1 else _stop_after(own, steps)
    own.run_forever()


def _stop_after(own, steps):
    if steps <= 0 or not own._ready:
        own.stop()
    else:
        own.call_soon(_stop_after, own, steps - 1)


def _create_task(coro, **keywords):
    running = events._get_running_loop()
    return (running or loop()).create_task(coro, **keywords)


def _ensure_future(coro_or_future, *, loop=None):
    if loop is None and events._get_running_loop() is None and not asyncio.isfuture(coro_or_future):
        loop = globals()["loop"]()
    return _plain_ensure_future(coro_or_future, loop=loop)


def _get_event_loop():
    """The running loop, else the one that was set, else the notebook's."""
    running = events._get_running_loop()
    if running is not None:
        return running
    try:
        return _plain_get_event_loop()
    except RuntimeError:
        return loop()


async def _to_thread(func, /, *args, **kwargs):
    return func(*args, **kwargs)


_plain_ensure_future = tasks.ensure_future
_plain_get_event_loop = events.get_event_loop


def install():
    """Makes this loop asyncio's own, and `create_task` work in a cell that does not await, as in Jupyter."""
    from asyncio import unix_events

    unix_events._UnixSelectorEventLoop = unix_events.SelectorEventLoop = Loop
    asyncio.SelectorEventLoop = asyncio.EventLoop = unix_events.EventLoop = Loop
    unix_events._UnixDefaultEventLoopPolicy._loop_factory = Loop
    asyncio.get_event_loop = events.get_event_loop = _get_event_loop
    asyncio.create_task = _create_task
    asyncio.ensure_future = _ensure_future
    asyncio.to_thread = asyncio.threads.to_thread = _to_thread
