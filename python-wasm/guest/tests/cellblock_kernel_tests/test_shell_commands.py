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

    def test_no_folder_goes_that_nobody_named(self):
        self.run_command("mkdir d; echo a > d/a.txt")
        for path in (".", "./", "..", "d/..", "d/.", "/", "//"):
            with self.subTest(path=path):
                self.good(f"!rm -rf {path}")
                self.assertIn("refusing to remove", self.text("stderr"))
                self.assertTrue(os.path.exists("d/a.txt"))
        self.run_command("rm -rf d")
        self.assertFalse(os.path.exists("d"))

    def test_words_are_read_as_a_shell_reads_them(self):
        for path in ("b.py", "c d.py"):
            open(path, "w").close()
        os.mkdir("sub")
        open("sub/e.py", "w").close()
        self.assertEqual(self.run_command('find . -name "*.py"'), "./b.py\n./c d.py\n./sub/e.py\n")
        self.assertEqual(self.run_command("find . -maxdepth 1 -name '*.py' | wc -l"), "2\n")
        self.assertEqual(self.run_command("echo *.py '*.py'"), "b.py c d.py *.py\n")
        self.assertEqual(self.run_command('ls "c d.py"'), "c d.py\n")
        self.assertEqual(self.run_command("echo hi >x.txt; cat <x.txt; cat missing 2>/dev/null || echo none"), "hi\nnone\n")
        self.assertEqual(self.run_command("A=b; echo $A '$A' \\$A ${A}c  # a comment"), "b $A $A bc\n")

    def test_exit_statuses(self):
        for command, status in (("true", 0), ("false", 1), ("false; true", 0), ("true && false", 1), ("xyz", 127)):
            with self.subTest(command=command):
                self.good(f"!{command}\n_exit_code")
                self.assertEqual(self.shown()[0]["text/plain"], str(status))
        self.assertEqual(self.run_command("false; echo $?"), "1\n")
        self.assertEqual(self.run_command("grep nothing a.txt || echo none"), "none\n")

    def test_export_stays(self):
        self.good("!export CELLBLOCK_TEST=b\n!echo $CELLBLOCK_TEST")
        self.assertEqual(self.text(), "b\n")
        self.assertEqual(os.environ.pop("CELLBLOCK_TEST"), "b")

    def test_text(self):
        self.assertEqual(self.run_command("echo hello world | sed 's/o\\(.\\)/<&>/g'"), "hell<o >w<or>ld\n")
        self.assertEqual(self.run_command("sed -n 2p a.txt"), "two\n")
        self.assertEqual(self.run_command("sed 2d a.txt | tail -n 1"), "three\n")
        self.assertEqual(self.run_command("sed -i s/one/1/ a.txt && head -1 a.txt"), "1\n")
        self.assertEqual(self.run_command("echo a,b,c | cut -d, -f1,3"), "a,c\n")
        self.assertEqual(self.run_command("echo abc | tr a-c A-C"), "ABC\n")
        self.assertEqual(self.run_command("seq 2 | tee n.txt | wc -l; cat n.txt"), "2\n1\n2\n")

    def test_what_only_a_shell_does_is_refused_whole(self):
        for command in ("for i in 1 2; do touch $i; done", "echo $(ls)", "touch made &", "if true; then touch y; fi"):
            with self.subTest(command=command):
                self.good(f"!{command}")
                self.assertIn("Python", self.text("stderr"))
                self.assertEqual(os.listdir(), ["a.txt"])
        self.good("!curl -O https://example.com/x")
        self.assertIn("no network", self.text("stderr"))

    def test_the_working_folder_has_no_dots(self):
        os.mkdir("sub")
        self.good("%cd sub\n%cd ..\nimport os\nos.getcwd()")
        self.assertEqual(self.shown()[0]["text/plain"], repr(self.folder))
        reply = self.bad("os.chdir('missing')", "FileNotFoundError")
        self.assertIn("'missing'", reply["evalue"])

    def test_python_programs_have_what_a_process_has_of_its_own(self):
        with open("main.py", "w") as file:
            file.write("import helper, os, sys\nprint(helper.X, sys.argv, __name__)\nos.environ['LEFT'] = '1'\nos.chdir('/')\nsys.exit(3)")
        for number in (1, 2):
            with open("helper.py", "w") as file:
                file.write(f"X = {number}  # {'x' * number}")
            self.assertEqual(self.run_command("python main.py a 'b c'"), f"{number} ['main.py', 'a', 'b c'] __main__\n")
        self.good("import os, sys\n_exit_code, os.getcwd(), 'LEFT' in os.environ, 'helper' in sys.modules")
        self.assertEqual(self.shown()[0]["text/plain"], f"(3, {self.folder!r}, False, False)")
        self.assertEqual(self.run_command("python -uc 'print(6 * 7)' | tr 4 5"), "52\n")
        self.assertEqual(self.run_command("echo 'print(1)' | python3 -"), "1\n")
        self.assertEqual(self.run_command("echo '{}' | python -m json.tool"), "{}\n")
        self.assertIn("line 1, in <module>\n", self.run_command("python -c '1 / 0' 2>&1"))
        self.assertIn("can't open file", self.run_command("python nowhere.py 2>&1"))
        self.assertIn("there is no terminal", self.run_command("python 2>&1"))
        self.good("x = 5")
        self.assertIn("NameError", self.run_command("python -c 'x' 2>&1"))

    def test_grep_as_agents_call_it(self):
        self.run_command("mkdir -p x/y; echo 'a.b two' > x/y/b.py; echo 'aXb' > x/c.txt")
        self.assertEqual(self.run_command("grep -rHnF -e a.b x"), "x/y/b.py:1:a.b two\n")
        self.assertEqual(self.run_command("grep -rHnFZ  -e a.b x 2>/dev/null"), "x/y/b.py\x001:a.b two\n")
        self.assertEqual(self.run_command("grep -rl 'a.b' x"), "x/c.txt\nx/y/b.py\n")
        self.assertEqual(self.run_command("grep -rn --include='*.txt' 'a.b' ."), "./x/c.txt:1:aXb\n")
        self.assertEqual(self.run_command("grep -o 't[a-z]*' a.txt"), "two\nthree\n")
        self.assertEqual(self.run_command("grep -c t a.txt; grep -q one a.txt && echo yes; grep -x t a.txt || echo no"), "2\nyes\nno\n")
        self.assertEqual(self.run_command("cat a.txt | grep -m 1 t"), "two\n")
        self.assertIn("grep: ", self.run_command("grep '(' a.txt 2>&1"))

    def test_documents_within_a_command(self):
        def said(text):
            self.good(f"get_ipython().system({text!r})")
            return self.text()

        self.assertEqual(said("cat <<EOF\n$HOME\n'b'\nEOF\necho after"), "/home/user\n'b'\nafter\n")
        self.assertEqual(said("cat > d.txt <<'EOF'\n$HOME `x` $(y)\nEOF\ncat d.txt"), "$HOME `x` $(y)\n")
        self.assertEqual(said("cat <<-EOF | wc -l\n\ta\n\tEOF"), "1\n")
        self.assertEqual(said('python3 -c "import sys\nprint(sys.stdin.read())" 2>&1 <<\'E\'\n{"a": 1}\nE\n'), '{"a": 1}\n\n')
        said("cat <<")
        self.good("_exit_code")
        self.assertEqual(self.shown()[0]["text/plain"], "2")

