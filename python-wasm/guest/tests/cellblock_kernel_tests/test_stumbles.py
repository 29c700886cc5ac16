"""What users of other notebooks stumble over here."""

import os

from cellblock_kernel import leaving

from .notebook import NotebookTest


class Refusals(NotebookTest):
    def test_a_missing_package_says_where_packages_come_from(self):
        reply = self.bad("import polars", "ModuleNotFoundError")
        self.assertIn("`polars` is not in this image", "\n".join(reply["traceback"]))
        self.assertEqual(reply["evalue"], "No module named 'polars'")

    def test_a_debugger_that_nobody_can_answer(self):
        self.bad("1/0", "ZeroDivisionError")
        for code in ("%debug", "%edit", "%pastebin 1"):
            with self.subTest(code=code):
                self.assertIn("is not available", self.cell(code, allow_stdin=False)["evalue"])
        self.assertIn("debugger", self.cell("breakpoint()", allow_stdin=False)["evalue"])
        self.good("%pdb on")
        try:
            self.cell("1/0", allow_stdin=False)
            self.assertEqual(self.kinds(), ["error"])
        finally:
            self.good("%pdb off")

    def test_store_is_there(self):
        self.good("stored = 5\n%store stored")
        self.good("del stored\n%store -r stored\nstored")
        self.assertEqual(self.shown()[0]["text/plain"], "5")
        self.good("%store -z")

    def test_magics_that_remember_leave_no_file(self):
        from cellblock_kernel import execute

        self.good("%cd -q .\n%bookmark here\nkept = [1]\n%store kept\nkept.append(2)\n%store -r kept\nkept")
        self.assertEqual(self.shown()[0]["text/plain"], "[1]")
        self.good("%bookmark -l")
        self.assertIn("here", self.text())
        self.assertFalse(os.path.exists(os.path.join(execute.shell.profile_dir.location, "db")))
        self.good("%store -z\n%bookmark -r")

    def test_a_traceback_ends_in_code_that_is_not_the_kernels(self):
        trace = "\n".join(self.bad("import time\ntime.sleep(-1)", "ValueError")["traceback"])
        self.assertIn(", line 2", trace)
        self.assertNotIn("shims", trace)
        trace = "\n".join(self.bad("import json\njson.loads('x')", "JSONDecodeError")["traceback"])
        self.assertIn("decoder", trace)

    def test_pip_does_not_ask_for_a_restart(self):
        self.good("%pip install polars")
        self.assertIn("not available", self.text("stderr"))
        self.assertEqual(self.text(), "")


class Displays(NotebookTest):
    def test_rich_progress_without_a_thread(self):
        self.good("from rich.progress import track\nsum(track(range(5)))")
        self.assertEqual(self.shown()[0]["text/plain"], "10")
        self.good("from rich.live import Live\nwith Live('a') as live: live.update('b')\nprint('c')")
        self.assertIn("c", self.text())

    def test_interact_shows_its_controls_first(self):
        self.good("from ipywidgets import interact\n@interact(x=(0, 10))\ndef f(x): print('x is', x)")
        kinds = [kind for kind in self.kinds() if kind in ("display_data", "stream")]
        self.assertEqual((kinds[0], kinds[-1], self.text()), ("display_data", "stream", "x is 5\n"))


class Scripts(NotebookTest):
    def setUp(self):
        super().setUp()
        leaving.state.script, leaving.state.path, leaving.state.read = True, "/home/user/s.py", 0
        leaving.state.text = "# %%\nx = 1\n\n# %%\ndef f():\n    1/0\nf()\n"

    def tearDown(self):
        del leaving.state.script, leaving.state.path, leaving.state.read, leaving.state.text
        super().tearDown()

    def test_a_traceback_names_the_file_and_its_line(self):
        self.good("x = 1")
        trace = "\n".join(self.bad("def f():\n    1/0\nf()", "ZeroDivisionError")["traceback"])
        self.assertIn("s.py:7", trace)
        self.assertIn("s.py:6", trace)
        self.assertNotIn("In[", trace)

    def test_a_traceback_of_a_script_from_stdin_names_that_and_the_line(self):
        leaving.state.path = "<stdin>"
        trace = "\n".join(self.bad("def f():\n    1/0\nf()", "ZeroDivisionError")["traceback"])
        self.assertIn("<stdin>:7", trace)
        self.assertNotIn("In[", trace)

    def test_a_cell_that_is_not_in_the_file_has_its_number(self):
        trace = "\n".join(self.bad("1/0", "ZeroDivisionError")["traceback"])
        self.assertNotIn("s.py", trace)
        self.assertIn("In[", trace)
