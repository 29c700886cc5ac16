from unittest import mock

from cellblock_kernel import execute

from .notebook import NotebookTest


class Execute(NotebookTest):
    def test_the_last_expression_is_the_result(self):
        reply = self.good("x = 20\nx + 1\nx * 2")
        self.assertEqual(self.shown(), [{"text/plain": "40"}])
        self.assertEqual(reply["execution_count"], self.host.sent[0][1]["execution_count"])

    def test_how_the_last_cell_ended_is_known_to_the_next_one(self):
        for code in ("6 * 7", "x = 6\nx * 7"):
            self.good(code)
            result = execute.shell.last_execution_result
            self.assertEqual((result.result, result.success), (42, True))
            self.assertEqual(result.info.raw_cell, code)
        self.good("x = 1")
        self.assertIsNone(execute.shell.last_execution_result.result)
        self.bad("1 / 0", "ZeroDivisionError")
        result = execute.shell.last_execution_result
        self.assertIsInstance(result.error_in_exec, ZeroDivisionError)
        self.assertFalse(result.success)

    def test_every_spelling_of_a_single_line(self):
        for code, text in (
            ("1+1", "2"),
            ("'a'", "'a'"),
            ("(1, 2)", "(1, 2)"),
            ("not True", "False"),
            ("[i for i in range(3)]", "[0, 1, 2]"),
            ("lambda: 1" " and 0", None),
            ("1 if 0 else 2", "2"),
            ("f'{1}'", "'1'"),
            ("1+1  # two", "2"),
            ("-3", "-3"),
        ):
            with self.subTest(code=code):
                self.good(code)
                shown = self.shown()
                self.assertEqual(len(shown), 1)
                if text is not None:
                    self.assertEqual(shown[0]["text/plain"], text)

    def test_an_error_that_cannot_be_formatted_is_still_an_error(self):
        def no_memory(*arguments, **options):
            raise MemoryError

        formatter = execute.shell.InteractiveTB
        with mock.patch.object(formatter, "structured_traceback", no_memory):
            for code in ("1 / 0", "y = 1\n1 / 0"):
                with self.subTest(code=code):
                    self.bad(code, "ZeroDivisionError")
                    self.assertEqual(self.kinds()[-1], "error")

    def test_assignments_and_statements_show_nothing(self):
        for code in (
            "x = 5",
            "x: int = 5",
            "x == 5;",
            "import os",
            "x = y = 3",
            "for x in [1]: x",
            "None",
            "del x",
            "x = 1; x;",
            "if True: 5",
        ):
            with self.subTest(code=code):
                self.good(code)
                self.assertEqual(self.host.sent, [])

    def test_a_comparison_is_no_assignment(self):
        self.good("x = 5")
        self.good("x == 5")
        self.assertEqual(self.shown(), [{"text/plain": "True"}])

    def test_in_and_out_and_the_underscores(self):
        first = self.good("6 * 7")["execution_count"]
        self.good("_ + 1")
        self.assertEqual(self.shown(), [{"text/plain": "43"}])
        self.good(f"(_{first}, Out[{first}], In[{first}], __, _ih[-2])")
        self.assertEqual(self.shown()[0]["text/plain"], "(42, 42, '6 * 7', 42, '_ + 1')")

    def test_an_underscore_of_the_users_is_left_alone(self):
        self.good("_ = 'mine'")
        self.good("1 + 1")
        self.good("_")
        self.assertEqual(self.shown(), [{"text/plain": "'mine'"}])
        execute.shell.user_ns["_"] = execute.shell.displayhook._

    def test_an_error_tells_the_cells_line(self):
        reply = self.bad("def f(x):\n    return 1 / x\n\nf(0)", "ZeroDivisionError")
        self.assertEqual(self.kinds(), ["error"])
        text = "\n".join(reply["traceback"])
        self.assertIn("Cell", text)
        self.assertIn("\x1b[", text)
        self.assertNotIn("cellblock_kernel", text)
        self.assertNotIn("hidden", text)

    def test_text_before_an_error_comes_before_it(self):
        self.bad("print('before')\n1/0", "ZeroDivisionError")
        self.assertEqual(self.kinds(), ["stream", "error"])

    def test_syntax_errors(self):
        for code, name in (
            ("def f(:", "SyntaxError"),
            ("  x\n y", "IndentationError"),
            ("return 5", "SyntaxError"),
            ("x = = 3", "SyntaxError"),
            ("a\x00b", "SyntaxError"),
            ("(" * 500, "SyntaxError"),
        ):
            with self.subTest(code=code[:10]):
                reply = self.cell(code)
                self.assertEqual(reply["status"], "error")
                self.assertTrue(
                    issubclass(__builtins__[reply["ename"]], (SyntaxError, ValueError, MemoryError, RecursionError)),
                    reply["ename"],
                )

    def test_empty_cells_do_not_count(self):
        before = self.good("1")["execution_count"]
        self.good("")
        self.good(" \n\t\n")
        self.assertEqual(self.good("1")["execution_count"], before + 1)

    def test_comments_only(self):
        self.good("# nothing here")
        self.assertEqual(self.host.sent, [])

    def test_silent_shows_nothing_and_does_not_count(self):
        before = self.good("1")["execution_count"]
        self.good("5", silent=True)
        self.assertEqual(self.host.sent, [])
        self.assertEqual(self.good("1")["execution_count"], before + 1)

    def test_user_expressions(self):
        reply = self.good("x = 3", user_expressions={"a": "x + 1", "b": "1/0"})
        self.assertEqual(reply["user_expressions"]["a"]["data"]["text/plain"], "4")
        self.assertEqual(reply["user_expressions"]["b"]["ename"], "ZeroDivisionError")

    def test_exits_end_the_cell_only(self):
        self.bad("import sys; sys.exit(3)", "SystemExit")
        self.assertIn("ends the cell", self.text("stderr"))
        for way in ("exit", "quit", "exit()", "quit(3)", "exit('bye')", "import asyncio\nawait asyncio.sleep(0)\nexit()"):
            with self.subTest(way=way):
                reply = self.good(f"x = 1\n{way}\nprint('never')" if "(" in way else way)
                self.assertEqual(reply["payload"], [{"source": "ask_exit", "keepkernel": False}])
                self.assertEqual(self.kinds(), ["stream"])
                self.assertIn("the session and its variables stay", self.text("stderr"))
        kept = self.good("exit(keep_kernel=True)")
        self.assertEqual(kept["payload"], [{"source": "ask_exit", "keepkernel": True}])
        # A front end of Jupyter's knows what to say.
        self.good("exit", message_id="1")
        self.assertEqual(self.kinds(), [])
        self.good("def leave():\n    try:\n        exit()\n    except Exception:\n        print('caught')\nleave()\nprint('never')")
        self.assertEqual(self.text(), "")
        self.good("x")
        self.assertEqual(self.shown(), [{"text/plain": "1"}])

    def test_names_are_those_of_main(self):
        self.good("x = 7\nimport __main__\nclass C: pass\n(__name__, __main__.x, C.__module__)")
        self.assertEqual(self.shown()[0]["text/plain"], "('__main__', 7, '__main__')")

    def test_pickle_finds_classes_of_the_notebook(self):
        self.good("import pickle\nclass C:\n    x = 1\npickle.loads(pickle.dumps(C())).x")
        self.assertEqual(self.shown()[0]["text/plain"], "1")

    def test_source_of_a_function_is_found(self):
        self.good("def f():\n    return 1\nimport inspect\nprint(inspect.getsource(f))")
        self.assertIn("return 1", self.text())

    def test_futures_last(self):
        self.good("from __future__ import annotations")
        self.good("def f(x: nothing): pass\nf.__annotations__")
        self.assertEqual(self.shown()[0]["text/plain"], "{'x': 'nothing'}")
        execute.shell.compile.reset_compiler_flags()

    def test_recursion_is_an_error(self):
        self.bad("def f(): return f()\nf()", "RecursionError")
        self.good("1")

    def test_a_hostile_exception(self):
        reply = self.cell("class E(Exception):\n    def __str__(self): raise ValueError\nraise E")
        self.assertEqual((reply["status"], reply["ename"]), ("error", "E"))

    def test_surrogates_and_nulls_stay_valid(self):
        self.good("print('\\ud800 \\x00 é')\n'\\udfff'")
        self.assertIn("é", self.text())

    def test_an_exception_group(self):
        reply = self.bad("raise ExceptionGroup('many', [ValueError(1), KeyError(2)])", "ExceptionGroup")
        self.assertIn("sub-exception", "\n".join(reply["traceback"]))

    def test_warnings_come_on_stderr_once_a_cell(self):
        for _ in range(2):
            self.good("import warnings\nfor i in range(3): warnings.warn('careful')")
            self.assertEqual(self.text("stderr").count("UserWarning: careful"), 1)

    def test_the_unknown_operation(self):
        self.assertEqual(self.ask("nothing")["ename"], "ValueError")

    def test_the_events_of_ipython(self):
        self.good(
            "seen = []\nip = get_ipython()\ndef note(result): seen.append(result.success)\nip.events.register('post_run_cell', note)"
        )
        self.good("1 + 1")
        self.bad("1 / 0", "ZeroDivisionError")
        self.good("ip.events.unregister('post_run_cell', note)\nseen[-2:]")
        self.assertEqual(self.shown()[0]["text/plain"], "[True, False]")

    def test_interactivity_all(self):
        self.good("%config InteractiveShell.ast_node_interactivity = 'all'")
        self.good("1\n2")
        self.assertEqual([d["text/plain"] for d in self.shown()], ["1", "2"])
        self.good("%config InteractiveShell.ast_node_interactivity = 'last_expr'")
