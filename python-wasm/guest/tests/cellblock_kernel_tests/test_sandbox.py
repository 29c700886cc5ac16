import signal

from cellblock_kernel import limits, turn

from .notebook import NotebookTest


class Refusals(NotebookTest):
    def refused(self, code, name, word):
        reply = self.bad(code, name)
        self.assertIn(word, reply["evalue"])

    def test_processes(self):
        for code in (
            "os.system('ls')",
            "os.fork()",
            "os.popen('ls')",
            "os.execv('/bin/ls', ['ls'])",
            "os.kill(1, 9)",
            "subprocess.run(['ls'])",
            "subprocess.Popen('ls', shell=True)",
            "subprocess.check_output('ls', shell=True)",
            "multiprocessing.Process(target=print).start()",
        ):
            with self.subTest(code=code):
                self.refused(
                    f"import os, subprocess, multiprocessing\n{code}", "OSError", "processes are not available"
                )

    def test_threads(self):
        self.refused(
            "import threading\nthreading.Thread(target=print).start()", "RuntimeError", "threads are not available"
        )
        self.refused("import _thread\n_thread.start_new_thread(print, ())", "RuntimeError", "threads are not available")

    def test_the_network(self):
        for code in (
            "socket.create_connection(('example.com', 80))",
            "urllib.request.urlopen('http://example.com')",
            "urllib.request.urlopen('https://example.com')",
        ):
            with self.subTest(code=code):
                reply = self.cell(f"import socket, urllib.request\n{code}")
                self.assertIn("no network", reply["evalue"])

    def test_answers_about_the_machine(self):
        self.good(
            "import os, getpass, platform, socket, pwd\nos.getuid(), os.cpu_count(), getpass.getuser(), socket.gethostname(), os.path.expanduser('~'), pwd.getpwuid(os.getuid()).pw_name"
        )
        self.assertEqual(self.shown()[0]["text/plain"], "(1000, 1, 'user', 'cellblock', '/home/user', 'user')")


class Serial(NotebookTest):
    def test_executors(self):
        code = "from concurrent.futures import {0}, as_completed\nwith {0}(4) as pool:\n    a = list(pool.map(abs, [-1, -2]))\n    f = [pool.submit(pow, 2, n) for n in range(3)]\na, sorted(x.result() for x in as_completed(f))"
        for kind in ("ThreadPoolExecutor", "ProcessPoolExecutor"):
            with self.subTest(kind=kind):
                self.good(code.format(kind))
                self.assertEqual(self.shown()[0]["text/plain"], "([1, 2], [1, 2, 4])")

    def test_an_executors_error_stays_in_its_future(self):
        self.good(
            "from concurrent.futures import ThreadPoolExecutor\nf = ThreadPoolExecutor().submit(int, 'x')\ntype(f.exception()).__name__"
        )
        self.assertEqual(self.shown()[0]["text/plain"], "'ValueError'")

    def test_pools(self):
        self.good(
            "from multiprocessing import Pool, cpu_count\nfrom multiprocessing.pool import ThreadPool\nwith Pool(2) as p: a = p.map(abs, [-1, 2])\nwith ThreadPool(2) as p: b = p.starmap(pow, [(2, 3)])\na, b, cpu_count()"
        )
        self.assertEqual(self.shown()[0]["text/plain"], "([1, 2], [8], 1)")

    def test_joblib(self):
        self.good("from joblib import Parallel, delayed\nParallel(n_jobs=4)(delayed(abs)(i) for i in [-1, -2])")
        self.assertEqual(self.shown()[0]["text/plain"], "[1, 2]")
        self.good("Parallel(n_jobs=-1, prefer='threads')(delayed(abs)(i) for i in [-1, -2])")
        self.assertEqual(self.shown()[0]["text/plain"], "[1, 2]")


class Limits(NotebookTest):
    RAISE = "import signal\nx = 1\nsignal.raise_signal(signal.SIGINT)\nx = 2"

    def test_an_interrupt(self):
        self.bad(self.RAISE, "KeyboardInterrupt")
        self.good("x")
        self.assertEqual(self.shown()[0]["text/plain"], "1")

    def test_a_limit_names_itself(self):
        self.host.limit = {"reason": "cell_time", "message": "the cell ran longer than 60 s"}
        reply = self.bad(self.RAISE, "LimitExceeded")
        self.assertEqual(reply["evalue"], "the cell ran longer than 60 s")
        self.assertTrue(issubclass(limits.LimitExceeded, KeyboardInterrupt))

    def test_it_may_be_caught(self):
        self.good(
            "import signal\ntry:\n    signal.raise_signal(2)\nexcept KeyboardInterrupt as e:\n    print(type(e).__name__)"
        )
        self.assertEqual(self.text(), "KeyboardInterrupt\n")

    def test_outside_the_users_code_it_is_ignored(self):
        limits.state.armed = False
        limits._on_interrupt(2, None)

    def test_one_that_came_before_the_cell_waits_for_it(self):
        plain = self.host.answer

        def answer(header, body):
            if header["op"] == "next":
                limits._on_interrupt(2, None)
            return plain(header, body)

        self.host.answer = answer
        limits.state.armed = False
        self.bad("x = 1", "KeyboardInterrupt")
        self.host.answer = plain
        self.good("x = 1")

    def test_in_a_await(self):
        self.bad("import signal, asyncio\nasync def f(): signal.raise_signal(2)\nawait f()", "KeyboardInterrupt")
        self.good("await asyncio.sleep(0)")


class Randomness(NotebookTest):
    def test_a_fresh_session_has_its_own(self):
        seen = set()
        for _ in range(3):
            self.ask("variables", fresh=True)
            self.good(
                "import random, uuid, tempfile\n(random.random(), next(tempfile._get_candidate_names()))", fresh=False
            )
            seen.add(self.shown()[0]["text/plain"])
        self.assertEqual(len(seen), 3)

    def test_numpy(self):
        seen = set()
        for _ in range(3):
            self.good("import numpy; numpy.random.seed(0)")
            self.ask("variables", fresh=True)
            self.good("float(numpy.random.rand())")
            seen.add(self.shown()[0]["text/plain"])
        self.assertEqual(len(seen), 3)


class Tools(NotebookTest):
    def test_a_tool_has_signature_and_documentation(self):
        self.host.tools["add"] = lambda a, b: a + b
        self.ask("variables", fresh=True, tools=[{"name": "add", "signature": "(a: int, b=2) -> int", "doc": "Adds."}])
        self.good("import inspect, tools\nfrom tools import add\nadd(1, b=3), str(inspect.signature(add)), add.__doc__")
        self.assertEqual(self.shown()[0]["text/plain"], "(4, '(a: int, b=2) -> int', 'Adds.')")
        self.bad("add()", "TypeError")


class Mischief(NotebookTest):
    def test_emptied_modules_come_back(self):
        turn.keep()
        for code in (
            "import sys; sys.modules.clear()",
            "import sys; sys.modules = {}",
            "import builtins; del builtins.__cellblock_turn__",
            "import sys; del sys.modules['__main__']",
        ):
            with self.subTest(code=code):
                self.cell(code)
                self.good("1 + 1")
                self.good("len('abc')")
                self.assertEqual(self.shown()[0]["text/plain"], "3")

    def test_a_taken_signal_is_given_back_to_a_fresh_session(self):
        self.good("import signal; signal.signal(2, signal.SIG_IGN)")
        self.ask("variables", fresh=True)
        self.assertIs(signal.getsignal(2), limits._on_interrupt)

    def test_a_lock_that_nobody_releases(self):
        self.bad("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()", "RuntimeError")
        self.bad("import queue; queue.Queue().get()", "RuntimeError")
