from .notebook import NotebookTest


class Async(NotebookTest):
    def test_top_level_await(self):
        self.good("import asyncio\nasync def f(x):\n    await asyncio.sleep(0.001)\n    return x\nawait f(3)")
        self.assertEqual(self.shown()[0]["text/plain"], "3")
        self.good("await asyncio.gather(f(1), f(2))")
        self.assertEqual(self.shown()[0]["text/plain"], "[1, 2]")
        self.good("async with asyncio.timeout(5):\n    x = await f(9)\nx")
        self.assertEqual(self.shown()[0]["text/plain"], "9")

    def test_run_in_an_ordinary_cell(self):
        self.good(
            "import asyncio\nasync def f():\n    return await asyncio.wait_for(asyncio.sleep(0, 'done'), 1)\nasyncio.run(f())"
        )
        self.assertEqual(self.shown()[0]["text/plain"], "'done'")
        self.good("loop = asyncio.new_event_loop()\nloop.run_until_complete(f())")

    def test_run_inside_await(self):
        self.good(
            "import asyncio, nest_asyncio\nnest_asyncio.apply()\nasync def f(): return 5\nawait asyncio.sleep(0)\nasyncio.get_event_loop().run_until_complete(f())"
        )
        self.assertEqual(self.shown()[0]["text/plain"], "5")

    def test_a_task_goes_on_between_cells(self):
        self.good(
            "import asyncio\nseen = []\nasync def work():\n    for i in range(3):\n        seen.append(i)\n        await asyncio.sleep(0)\ntask = asyncio.create_task(work())"
        )
        self.good("seen, task.done()")
        self.assertEqual(self.shown()[0]["text/plain"], "([0, 1, 2], True)")

    def test_errors_and_timeouts(self):
        self.bad("import asyncio\nasync def f(): raise KeyError(1)\nawait f()", "KeyError")
        self.bad("await asyncio.wait_for(asyncio.sleep(1), 0.001)", "TimeoutError")

    def test_waiting_for_nothing_is_told(self):
        self.bad("import asyncio\nawait asyncio.Event().wait()", "RuntimeError")
        self.good("1")

    def test_threads_of_asyncio(self):
        self.good("import asyncio\nawait asyncio.to_thread(len, 'abc')")
        self.assertEqual(self.shown()[0]["text/plain"], "3")
        self.good("await asyncio.get_running_loop().run_in_executor(None, len, 'ab')")
        self.assertEqual(self.shown()[0]["text/plain"], "2")

    def test_the_network_of_asyncio(self):
        self.bad("import asyncio\nawait asyncio.open_connection('example.com', 80)", "OSError")
