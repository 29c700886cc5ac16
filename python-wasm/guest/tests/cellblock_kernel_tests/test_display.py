from .notebook import NotebookTest

PNG = "b'\\x89PNG\\r\\n\\x1a\\n\\x00\\x00\\x00\\rIHDR\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x01\\x08\\x06\\x00\\x00\\x00\\x1f\\x15\\xc4\\x89'"


class Display(NotebookTest):
    def test_display_and_order(self):
        self.good("print('a')\ndisplay(1)\nprint('b')\n2")
        self.assertEqual(self.kinds(), ["stream", "display_data", "stream", "execute_result"])

    def test_rich_reprs(self):
        self.good("class C:\n    def _repr_html_(self): return '<b>c</b>'\n    def __repr__(self): return 'c'\nC()")
        self.assertEqual(self.shown(), [{"text/plain": "c", "text/html": "<b>c</b>"}])
        self.good(
            "class D:\n    def _repr_mimebundle_(self, **k): return {'application/x-test+json': {'a': float('nan')}}\nD()"
        )
        self.assertEqual(self.shown()[0]["application/x-test+json"], {"a": None})

    def test_images_are_base64(self):
        self.good(f"from IPython.display import Image\nImage({PNG})")
        self.assertTrue(self.shown()[0]["image/png"].startswith("iVBOR"))

    def test_display_id_and_update(self):
        self.good(
            "h = display(1, display_id='d')\nh.update(2)\nfrom IPython.display import update_display\nupdate_display(3, display_id='d')"
        )
        self.assertEqual(self.kinds(), ["display_data", "update_display_data", "update_display_data"])
        self.assertEqual([c["transient"]["display_id"] for _, c, _ in self.host.sent], ["d"] * 3)

    def test_clear_output(self):
        self.good(
            "from IPython.display import clear_output\nprint('gone', end='')\nclear_output()\nprint('stays')\nclear_output(wait=True)"
        )
        self.assertEqual(self.text(), "stays\n")
        self.assertEqual([c for k, c, _ in self.host.sent if k == "clear_output"], [{"wait": False}, {"wait": True}])

    def test_a_failing_repr_is_told_and_the_others_are_shown(self):
        form = "class C:\n    def __repr__(self): return 'text'\n    def {name}(self, **k): raise ValueError('no')\n"
        for name in ("_repr_html_", "_repr_png_", "_repr_mimebundle_", "_ipython_display_"):
            for call, kind in (("C()", "execute_result"), ("display(C())", "display_data")):
                with self.subTest(name=name, call=call):
                    self.good(form.format(name=name) + call)
                    self.assertEqual(list(dict.fromkeys(self.kinds())), ["stream", kind])  # a slow machine sends text in parts
                    self.assertEqual(self.shown(kind), [{"text/plain": "text"}])
                    self.assertIn("ValueError", self.text("stderr"))
                    self.assertEqual(self.text("stderr").count("Traceback"), 1)
        self.good("class D:\n    def __repr__(self): raise ValueError('no')\nD()")
        self.assertIn("ValueError", self.text("stderr"))
        # The control: the same call in the cell itself is the cell's error.
        self.bad("repr(D())", "ValueError")

    def test_a_refused_output_costs_only_itself(self):
        self.host.refuse = lambda header: header["type"] == "display_data" and "text/html" in header["content"]["data"]
        self.good("from IPython.display import HTML\ndisplay(HTML('x'))\n5")
        self.assertEqual(self.shown(), [{"text/plain": "5"}])
        self.assertIn("not shown", self.shown("display_data")[0]["text/plain"])

    def test_long_plain_text_is_cut(self):
        self.good("'x' * (3 << 20)")
        self.assertIn("more characters not shown", self.shown()[0]["text/plain"])

    def test_huge_integers(self):
        self.good("10 ** 5000")
        self.assertIn("set_int_max_str_digits", self.text("stderr"))
        self.bad("str(10 ** 5000)", "ValueError")

    def test_markdown_latex_json(self):
        self.good(
            "from IPython.display import Markdown, Latex, JSON, SVG, Javascript\ndisplay(Markdown('# t'), Latex('$x$'), JSON({'a': 1}))"
        )
        kinds = [sorted(set(d) - {"text/plain"}) for d in self.shown("display_data")]
        self.assertEqual(kinds, [["text/markdown"], ["text/latex"], ["application/json"]])

    def test_sympy_latex(self):
        self.good("import sympy\nsympy.init_printing()\nx = sympy.Symbol('x')\nsympy.Integral(x ** 2, x)")
        self.assertIn("\\int", self.shown()[0]["text/latex"])
        self.good(
            "get_ipython().display_formatter.formatters['text/latex'].type_printers.clear()\n"
            "get_ipython().display_formatter.formatters['image/png'].type_printers.clear()\nsympy.init_printing(pretty_print=False)"
        )


class Progress(NotebookTest):
    def test_tqdm_in_all_its_forms(self):
        for module in ("tqdm", "tqdm.auto", "tqdm.notebook"):
            with self.subTest(module=module):
                self.good(f"from {module} import tqdm\nfor i in tqdm(range(3), desc='work'): pass")
                self.assertIn("3/3", self.text("stderr"))
                self.assertIn("work", self.text("stderr"))
