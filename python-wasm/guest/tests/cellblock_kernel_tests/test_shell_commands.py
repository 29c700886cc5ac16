import os
import shutil
import tempfile

from .notebook import NotebookTest


class Commands(NotebookTest):
    def setUp(self):
        super().setUp()
        self.folder, self.before = tempfile.mkdtemp(), os.getcwd()
        os.chdir(self.folder)
        with open("a.txt", "w") as file:
            file.write("one\ntwo\nthree\n")

    def tearDown(self):
        os.chdir(self.before)
        shutil.rmtree(self.folder)
        super().tearDown()

    def run_command(self, command):
        self.good(f"!{command}")
        return self.text()

    def test_looking(self):
        self.assertEqual(self.run_command("ls"), "a.txt\n")
        self.assertIn("14", self.run_command("ls -la a.txt"))
        self.assertEqual(self.run_command("pwd"), self.folder + "\n")
        self.assertEqual(self.run_command("cat a.txt"), "one\ntwo\nthree\n")
        self.assertEqual(self.run_command("head -n 1 a.txt"), "one\n")
        self.assertEqual(self.run_command("head -2 a.txt"), "one\ntwo\n")
        self.assertEqual(self.run_command("tail -n1 a.txt"), "three\n")
        self.assertEqual(self.run_command("wc -l a.txt"), "3 a.txt\n")
        self.assertEqual(self.run_command("cat a.txt | wc -l"), "3\n")
        self.assertEqual(self.run_command("grep -n t a.txt"), "2:two\n3:three\n")
        self.assertEqual(self.run_command("echo 'a  b' c"), "a  b c\n")
        self.assertEqual(self.run_command("sort -r a.txt | head -1"), "two\n")

    def test_making_and_moving(self):
        self.run_command("mkdir -p x/y && cp a.txt x/y && mv x/y/a.txt x/b.txt && echo hi > x/c.txt")
        self.assertEqual(self.run_command("ls x"), "b.txt\nc.txt\ny\n")
        self.run_command("cp -r x z; rm -r x")
        self.assertEqual(sorted(os.listdir()), ["a.txt", "z"])
        self.run_command("echo more >> a.txt")
        self.assertEqual(self.run_command("tail -1 a.txt"), "more\n")
        self.run_command("rm *.txt")
        self.assertEqual(os.listdir(), ["z"])

    def test_assignment_and_variables(self):
        self.good("name = 'a.txt'\nlines = !cat {name}\nmore = !wc -l $name\n(list(lines), more[0])")
        self.assertEqual(self.shown()[0]["text/plain"], "(['one', 'two', 'three'], '3 a.txt')")

    def test_errors_are_on_stderr_and_in_the_exit_code(self):
        self.good("!cat missing.txt")
        self.assertIn("missing.txt", self.text("stderr"))
        self.good("_exit_code")
        self.assertEqual(self.shown()[0]["text/plain"], "1")
        self.good("!false_command --x")
        self.assertIn("no processes in this sandbox", self.text("stderr"))
        self.good("!ls 'unfinished")
        self.good("!rm a.txt missing")
        self.good("!")
