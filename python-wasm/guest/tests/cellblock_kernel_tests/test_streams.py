from .notebook import NotebookTest


class Streams(NotebookTest):
    def test_a_flood_is_gathered(self):
        self.good("for i in range(10000): print(i)")
        self.assertEqual(self.text(), "".join(f"{i}\n" for i in range(10000)))
        self.assertLess(len(self.host.sent), 60)

    def test_the_order_of_both_streams(self):
        self.good("import sys\nfor i in range(3):\n    print(i)\n    print(i, file=sys.stderr)")
        self.assertEqual(
            [(c["name"], c["text"]) for _, c, _ in self.host.sent],
            [(name, f"{i}\n") for i in range(3) for name in ("stdout", "stderr")],
        )

    def test_streams_cannot_be_closed_and_know_themselves(self):
        self.good(
            "import sys\nsys.stdout.close()\nsys.stdout.buffer.write(b'bytes\\xff')\nsys.stdout.flush()\nsys.stdout.fileno(), sys.stdout.isatty(), sys.stdout.encoding"
        )
        self.assertEqual(self.text(), "bytes�")
        self.assertEqual(self.shown()[0]["text/plain"], "(1, False, 'utf-8')")

    def test_write_refuses_what_is_not_text(self):
        self.bad("import sys\nsys.stdout.write(5)", "TypeError")

    def test_redirection(self):
        self.good(
            "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as f: print('inside')\nf.getvalue()"
        )
        self.assertEqual(self.text(), "")
        self.assertEqual(self.shown()[0]["text/plain"], "'inside\\n'")

    def test_one_very_long_line(self):
        self.good("print('x' * 3_000_000)")
        self.assertEqual(len(self.text()), 3_000_001)

    def test_logging(self):
        self.good("import logging\nlogging.getLogger('t').warning('seen')")
        self.assertIn("seen", self.text("stderr"))

    def test_the_null_device(self):
        self.good(
            "import os\nwith open(os.devnull, 'w') as f: print('away', file=f)\nopen(os.devnull).read(), open(os.devnull, 'rb').read()"
        )
        self.assertEqual(self.shown()[0]["text/plain"], "('', b'')")


class Questions(NotebookTest):
    def test_input_and_getpass(self):
        self.host.inputs = ["Ada", "secret"]
        self.good("import getpass\nname = input('Who? ')\nword = getpass.getpass()\n(name, word)")
        self.assertEqual(self.shown()[0]["text/plain"], "('Ada', 'secret')")

    def test_reading_stdin_line_by_line(self):
        self.host.inputs = ["one", "two"]
        self.good("import sys\nlist(sys.stdin)")
        self.assertEqual(self.shown()[0]["text/plain"], "['one\\n', 'two\\n']")

    def test_where_nobody_answers(self):
        reply = self.cell("input()", allow_stdin=False)
        self.assertEqual(reply["ename"], "StdinNotImplementedError")
        self.bad("input()", "EOFError")


class Full(NotebookTest):
    def test_nothing_more_is_sent_once_the_limit_is_reached(self):
        plain = self.host.answer
        self.host.answer = lambda header, body: self.drop(plain, header, body)
        self.good("for i in range(20000): print('x' * 100)")
        self.assertEqual(self.kinds(), ["stream"])
        self.host.answer = plain
        self.good("print('again')")
        self.assertEqual(self.text(), "again\n")

    @staticmethod
    def drop(plain, header, body):
        """The answer of a host whose output limit is reached."""
        answer = plain(header, body)
        return ({"ok": {"dropped": True}}, b"") if header["op"] == "emit" else answer
