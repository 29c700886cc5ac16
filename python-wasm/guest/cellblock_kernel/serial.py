"""Executors and pools that do the work at once, in order: the sandbox has one thread and one process.

Each kind warns once a session, because the work takes as long as it does serially.
"""

import sys
import types
import warnings

_warned = set()


def _warn(what):
    if what not in _warned:
        _warned.add(what)
        warnings.warn(
            f"{what} runs serially in this sandbox: there is one thread and one process", RuntimeWarning, stacklevel=4
        )


def _executor(name, base):
    from concurrent.futures import Future

    class SerialExecutor(base):
        """Runs each call when it is submitted."""

        def __init__(self, max_workers=None, *arguments, initializer=None, initargs=(), **keywords):
            if max_workers is not None and max_workers <= 0:
                raise ValueError("max_workers must be greater than 0")
            _warn(name)
            self._max_workers = max_workers or 1
            self._shut = False
            if initializer is not None:
                initializer(*initargs)

        def submit(self, fn, /, *args, **kwargs):
            if self._shut:
                raise RuntimeError("cannot schedule new futures after shutdown")
            future = Future()
            future.set_running_or_notify_cancel()
            try:
                future.set_result(fn(*args, **kwargs))
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                future.set_exception(error)
            return future

        def map(self, fn, *iterables, timeout=None, chunksize=1, **keywords):
            futures = [self.submit(fn, *arguments) for arguments in zip(*iterables)]
            return (future.result() for future in futures)

        def shutdown(self, wait=True, *, cancel_futures=False):
            self._shut = True

    SerialExecutor.__name__ = SerialExecutor.__qualname__ = name
    return SerialExecutor


class _Result:
    """What `apply_async` and `map_async` return: it is there already."""

    def __init__(self, call, callback=None, error_callback=None):
        try:
            self._value, self._error = call(), None
        except Exception as error:
            self._value, self._error = None, error
        if self._error is None and callback is not None:
            callback(self._value)
        if self._error is not None and error_callback is not None:
            error_callback(self._error)

    def get(self, timeout=None):
        if self._error is not None:
            raise self._error
        return self._value

    def wait(self, timeout=None):
        pass

    def ready(self):
        return True

    def successful(self):
        return self._error is None


class Pool:
    """`multiprocessing.Pool` and `ThreadPool`, serially."""

    def __init__(self, processes=None, initializer=None, initargs=(), maxtasksperchild=None, context=None):
        _warn("multiprocessing.Pool")
        self._processes = 1
        if initializer is not None:
            initializer(*initargs)

    def apply(self, func, args=(), kwds={}):
        return func(*args, **kwds)

    def apply_async(self, func, args=(), kwds={}, callback=None, error_callback=None):
        return _Result(lambda: func(*args, **kwds), callback, error_callback)

    def map(self, func, iterable, chunksize=None):
        return [func(item) for item in iterable]

    def map_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return _Result(lambda: [func(item) for item in iterable], callback, error_callback)

    def imap(self, func, iterable, chunksize=1):
        return (func(item) for item in iterable)

    imap_unordered = imap

    def starmap(self, func, iterable, chunksize=None):
        return [func(*item) for item in iterable]

    def starmap_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return _Result(lambda: [func(*item) for item in iterable], callback, error_callback)

    def close(self):
        pass

    terminate = join = close

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


def _no_process(*arguments, **keywords):
    from .shims import NO_PROCESSES

    raise OSError(f"{NO_PROCESSES}: call the function directly, or use multiprocessing.Pool, which runs serially here")


def _dummy_lock(*arguments, **keywords):
    import threading

    return threading.RLock()


def install():
    """Puts the serial forms in place of the parallel ones."""
    import concurrent.futures as futures

    futures.ThreadPoolExecutor = _executor("ThreadPoolExecutor", futures.Executor)
    futures.ProcessPoolExecutor = _executor("ProcessPoolExecutor", futures.Executor)
    for name in ("thread", "process"):
        # The real modules need threads and semaphores; the names others import from them are these.
        module = sys.modules.get(f"concurrent.futures.{name}")
        if module is None:
            module = types.ModuleType(f"concurrent.futures.{name}")
            sys.modules[module.__name__] = module
            setattr(futures, name, module)
        module.ThreadPoolExecutor, module.ProcessPoolExecutor = futures.ThreadPoolExecutor, futures.ProcessPoolExecutor
        if not hasattr(module, "BrokenThreadPool"):
            module.BrokenThreadPool = module.BrokenProcessPool = type(
                "BrokenProcessPool", (futures.BrokenExecutor,), {}
            )
            module._WorkItem = object
    import multiprocessing
    import multiprocessing.context as context

    multiprocessing.cpu_count = lambda: 1
    context.BaseContext.cpu_count = lambda self: 1
    context.BaseContext.Pool = lambda self, *arguments, **keywords: Pool(*arguments, **keywords)
    for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore"):
        setattr(multiprocessing, name, _dummy_lock)
    multiprocessing.Pool = Pool
    multiprocessing.process.BaseProcess.start = _no_process
    pool = types.ModuleType("multiprocessing.pool")
    pool.Pool = pool.ThreadPool = Pool
    pool.AsyncResult = pool.ApplyResult = pool.MapResult = _Result
    sys.modules["multiprocessing.pool"] = multiprocessing.pool = pool
    dummy = types.ModuleType("multiprocessing.dummy")
    dummy.Pool = Pool
    sys.modules["multiprocessing.dummy"] = multiprocessing.dummy = dummy
