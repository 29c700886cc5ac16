import os

from .notebook import NotebookTest


class Magics(NotebookTest):
    def test_time_and_timeit(self):
        self.good("%time x = 1 + 1\nx")
        self.assertIn("Wall time", self.text())
        self.good("%%time\ny = 5\ny")
        self.assertIn("Wall time", self.text())
        self.good("%timeit -n1 -r1 1+1")
        self.assertIn("per loop", self.text())
        self.good("%%timeit -n1 -r1\nx = 1")
        self.assertIn("per loop", self.text())

    def test_who(self):
        self.good("alpha_name = 1")
        self.good("%who")
        self.assertIn("alpha_name", self.text())
        self.good("%whos")
        self.assertIn("int", self.text())

    def test_capture(self):
        self.good("%%capture out\nprint('kept')\ndisplay(5)\n6")
        self.assertEqual(self.host.sent, [])
        self.good("(out.stdout, len(out.outputs))")
        self.assertEqual(self.shown()[0]["text/plain"], "('kept\\n', 2)")

    def test_writefile_run_and_load(self):
        self.good("%cd /tmp")
        self.good("%%writefile made.py\nvalue = 41 + 1\nprint('ran')")
        self.good("%run made.py")
        self.assertEqual(self.text(), "ran\n")
        self.good("value")
        self.assertEqual(self.shown()[0]["text/plain"], "42")
        reply = self.good("%load made.py")
        self.assertIn("value = 41 + 1", reply["payload"][0]["text"])
        self.good("%cd -q")
        os.remove("/tmp/made.py")

    def test_history(self):
        self.good("marker_for_history = 1")
        self.good("%history -l 3")
        self.assertIn("marker_for_history", self.text())

    def test_automagic_words_and_variables(self):
        self.good("pwd")
        self.assertEqual(self.shown()[0]["text/plain"], repr(os.getcwd()))
        self.good("pwd = 3\npwd")
        self.assertEqual(self.shown()[0]["text/plain"], "3")

    def test_an_unknown_magic_is_an_error(self):
        reply = self.cell("%nothing_like_this")
        self.assertEqual((reply["status"], reply["ename"]), ("error", "UsageError"))
        self.assertEqual(self.text("stderr"), "UsageError: Line magic function `%nothing_like_this` not found.\n")
        self.assertNotIn("error", self.kinds())

    def test_help(self):
        reply = self.good("len?")
        self.assertIn("Return the number of items", reply["payload"][0]["data"]["text/plain"])
        self.good("?print")

    def test_bash_says_why_not(self):
        for code in ("%%bash\nmake all", "%%sh\nmake", "%system uptime", "!make all", "%%ruby\nputs 1"):
            with self.subTest(code=code):
                self.cell(code)
                text = self.text("stderr") + str(self.host.reply.get("evalue"))
                self.assertIn("processes", text)

    def test_bash_of_known_commands(self):
        self.good("%%bash\necho one\n# a comment\necho two")
        self.assertEqual(self.text(), "one\ntwo\n")

    def test_pip(self):
        self.good("%pip install -q ipython nothing-like-this>=2")
        self.assertIn("already satisfied: ipython", self.text())
        self.assertIn("Not in this image: nothing-like-this", self.text("stderr"))
        self.good("!pip list")
        self.assertIn("ipython", self.text())
        self.good("!pip show ipython")
        self.assertIn("Version: 9", self.text())

    def test_matplotlib_magic(self):
        self.good("%matplotlib inline")
        self.good("%config InlineBackend.figure_format = 'retina'")
        self.good("%config InlineBackend.figure_format = 'png'")

    def test_prun_and_debug_do_not_break_the_turn(self):
        self.cell("%prun -q sum(range(10))")
        self.good("1")

    def test_the_harmless_leftovers(self):
        for code in (
            "%autosave 60",
            "%precision 3",
            "%precision",
            "%load_ext autoreload",
            "%autoreload 2",
            "%env HOME",
            "%lsmagic",
            "%xmode Plain",
            "%xmode Context",
        ):
            with self.subTest(code=code):
                self.cell(code)
                self.good("1")
