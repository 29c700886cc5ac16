from .notebook import NotebookTest


class Completion(NotebookTest):
    def complete(self, code):
        return self.ask("complete", code=code, cursor_pos=len(code))

    def test_names_and_attributes_with_types(self):
        self.good("my_long_name = 'text'")
        reply = self.complete("my_lo")
        self.assertEqual((reply["matches"], reply["cursor_start"], reply["cursor_end"]), (["my_long_name"], 0, 5))
        reply = self.complete("x = 1\nmy_long_name.upp")
        self.assertEqual(reply["matches"], ["upper"])
        self.assertEqual(reply["metadata"]["_jupyter_types_experimental"][0]["type"], "function")

    def test_what_was_never_run(self):
        self.assertIn("dumps", self.complete("import json\njson.du")["matches"])

    def test_magics_and_files(self):
        self.assertIn("%timeit", self.complete("%timei")["matches"])

    def test_nothing_to_say(self):
        for code in ("", "zzzzqq.", "'", "\n", "(" * 50, "\ud800"):
            with self.subTest(code=code):
                self.assertEqual(self.complete(code)["status"], "ok")

    def test_a_hostile_object(self):
        self.good(
            "class H:\n    def __dir__(self): raise ValueError\n    def __getattr__(self, n): raise KeyError(n)\nh = H()"
        )
        self.assertEqual(self.complete("h.x")["status"], "ok")

    def test_inspect(self):
        reply = self.ask("inspect", code="print", cursor_pos=3, detail_level=0)
        self.assertTrue(reply["found"])
        self.assertIn("Prints the values", reply["data"]["text/plain"])
        self.assertFalse(self.ask("inspect", code="zzzqq", cursor_pos=2, detail_level=0)["found"])
        self.assertFalse(self.ask("inspect", code="", cursor_pos=0)["found"])

    def test_inspect_in_code_that_is_being_written(self):
        for code in ("if x:\n        y\n    print(", "if x:\n        y\n\tprint(", "if x:\n        y\n    print('"):
            reply = self.ask("inspect", code=code, cursor_pos=code.index("print") + 3)
            self.assertTrue(reply["found"], code)
            self.assertEqual(self.ask("inspect", code=code, cursor_pos=0)["status"], "ok")
        self.assertFalse(self.ask("inspect", code="\0", cursor_pos=1)["found"])

    def test_is_complete(self):
        for code, status in (
            ("x = 1", "complete"),
            ("for i in x:", "incomplete"),
            ("x = = 1", "invalid"),
            ("%time x", "complete"),
            ("def f():\n    pass\n", "complete"),
        ):
            with self.subTest(code=code):
                self.assertEqual(self.ask("is_complete", code=code)["status"], status)
        self.assertEqual(self.ask("is_complete", code="for i in x:")["indent"], "    ")


class Formatting(NotebookTest):
    def test_black_keeps_magics(self):
        reply = self.ask("format", code="%matplotlib inline\nx = [1,2 ]\nif x:\n    !ls\n")
        self.assertEqual(reply["code"], "%matplotlib inline\nx = [1, 2]\nif x:\n    !ls")

    def test_what_is_not_python_stays(self):
        self.assertEqual(self.ask("format", code="%%bash\nls   -l")["code"], "%%bash\nls   -l")
        self.assertEqual(self.ask("format", code="x = (")["status"], "error")
        self.assertEqual(self.ask("format", code="")["code"], "")

    def test_lint(self):
        self.good("known = 1")
        found = self.ask("lint", code="import os\nx=known\n%time y\ny = nothing_here\ndef f():\n    unused = 1\n")[
            "diagnostics"
        ]
        codes = {d["code"] for d in found}
        self.assertIn("E225", codes)
        self.assertIn("UndefinedName", codes)
        self.assertIn("UnusedVariable", codes)
        self.assertEqual([d["line"] for d in found if d["code"] == "UndefinedName"], [4])
        self.assertFalse(any("known" in d["message"] for d in found))

    def test_lint_of_a_syntax_error(self):
        found = self.ask("lint", code="x = (\ny = 3")["diagnostics"]
        self.assertEqual(found[0]["source"], "syntax")
        self.assertEqual(self.ask("lint", code="await f()")["status"], "ok")
        self.assertEqual(self.ask("lint", code="%%bash\nls")["diagnostics"], [])
