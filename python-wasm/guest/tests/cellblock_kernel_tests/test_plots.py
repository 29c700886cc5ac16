import base64

from .notebook import NotebookTest


class Matplotlib(NotebookTest):
    def test_a_figure_is_shown_without_asking(self):
        self.good("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone")
        self.assertTrue(self.shown("display_data")[0]["image/png"].startswith("iVBOR"))
        self.good("plt.get_fignums()")
        self.assertEqual(self.shown()[0]["text/plain"], "[]")
        self.assertEqual(self.shown("display_data"), [])

    def test_show_shows_once(self):
        self.good("import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\nprint('after')")
        self.assertEqual(self.kinds(), ["display_data", "stream"])

    def test_the_figure_as_last_value(self):
        self.good("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nplt.close(fig)\nfig")
        self.assertIn("image/png", self.shown()[0])

    def test_formats_and_sizes(self):
        self.good("%config InlineBackend.figure_format = 'svg'\nimport matplotlib.pyplot as plt\nplt.plot([1])\nNone")
        self.assertIn("<svg", self.shown("display_data")[0]["image/svg+xml"])
        self.good(
            "%config InlineBackend.figure_format = 'png'\nplt.rcParams['figure.dpi'] = 50\nfig = plt.figure(figsize=(4, 2))\nfig.add_axes([0, 0, 1, 1])\nNone"
        )
        small = base64.b64decode(self.shown("display_data")[0]["image/png"])
        width, height = int.from_bytes(small[16:20], "big"), int.from_bytes(small[20:24], "big")
        self.assertAlmostEqual(width, 200, delta=30)
        self.assertAlmostEqual(height, 100, delta=30)
        self.good("plt.rcdefaults()\n%matplotlib inline")

    def test_interactive_backends_stay_inline(self):
        for code in ("%matplotlib notebook", "%matplotlib widget", "import matplotlib; matplotlib.use('TkAgg')"):
            with self.subTest(code=code):
                self.good(f"{code}\nimport matplotlib.pyplot as plt\nplt.plot([1])\nNone")
                self.assertIn("inline", self.text("stderr"))
                self.assertIn("image/png", self.shown("display_data")[0])

    def test_animations_make_html(self):
        self.good(
            "import matplotlib.pyplot as plt, matplotlib.animation as a\nfig, ax = plt.subplots(figsize=(1, 1), dpi=40)\nani = a.FuncAnimation(fig, lambda i: ax.plot([i]), frames=2)\nhtml = ani.to_jshtml()\nplt.close(fig)\nlen(html) > 1000"
        )
        self.assertEqual(self.shown()[0]["text/plain"], "True")

    def test_figures_as_files(self):
        self.good("import matplotlib.pyplot as plt\nfig = plt.figure(figsize=(2, 1))\nplt.plot([1])\nplt.close(fig)")
        for form, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
            with self.subTest(form=form):
                reply = self.ask("export", figures=form)
                self.assertEqual([f["name"] for f in reply["files"]], [f"fig.{form}"])
                self.assertTrue(self.host.reply_body.startswith(start))


class OtherLibraries(NotebookTest):
    def test_plotly(self):
        for code in ("px.line(x=[1, 2], y=[3, 4])", "go.Figure(go.Bar(x=['a'], y=[1])).show()"):
            with self.subTest(code=code):
                self.good(f"import plotly.express as px, plotly.graph_objects as go\n{code}")
                data = (self.shown() + self.shown("display_data"))[0]
                self.assertIn("data", data["application/vnd.plotly.v1+json"])
                # For viewers that do not know the type; the drawing library is named, not included.
                self.assertIn('src="https://cdn.plot.ly/plotly-', data["text/html"])
                self.assertLess(len(data["text/html"]), 30_000)

    def test_altair(self):
        self.good(
            "import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({'a': [1], 'b': [2]})).mark_bar().encode(x='a', y='b')"
        )
        mime = [m for m in self.shown()[0] if m.startswith("application/vnd.vegalite.v")]
        self.assertEqual(len(mime), 1)

    def test_bokeh(self):
        self.good(
            "from bokeh.plotting import figure, show\nfrom bokeh.io import output_notebook\noutput_notebook()\np = figure()\np.line([1, 2], [3, 4])\nshow(p)"
        )
        last = self.shown("display_data")[-1]
        self.assertIn("application/vnd.bokehjs_exec.v0+json", last)
        self.assertIn("data-root-id", last["text/html"])

    def test_pandas_tables_and_styles(self):
        self.good("import pandas as pd\nd = pd.DataFrame({'a': [1, 2]})\nd")
        self.assertIn("<table", self.shown()[0]["text/html"])
        self.good("d.style.highlight_max()")
        self.assertIn("background-color", self.shown()[0]["text/html"])


class SampleData(NotebookTest):
    SHAPES = {
        "anscombe": (44, 3),
        "diamonds": (53940, 10),
        "flights": (144, 3),
        "iris": (150, 5),
        "mpg": (398, 9),
        "penguins": (344, 7),
        "tips": (244, 7),
    }

    def test_seaborns_tables(self):
        self.good("import seaborn as sns")
        for name, shape in self.SHAPES.items():
            with self.subTest(name=name):
                self.good(f"sns.load_dataset({name!r}).shape")
                self.assertEqual(self.shown()[0]["text/plain"], str(shape))
        self.good(
            "print(*sns.load_dataset('iris').columns)\nprint(sns.load_dataset('flights').passengers.sum())\nprint(*sns.load_dataset('mpg').iloc[0])"
        )
        self.assertEqual(
            self.text(),
            "sepal_length sepal_width petal_length petal_width species\n40363\n"
            "18.0 8 307.0 130.0 3504 12.0 70 usa chevrolet chevelle malibu\n",
        )
        reply = self.bad("sns.load_dataset('titanic')", "OSError")
        self.assertIn("here are: anscombe", reply["evalue"])


class Jpeg(NotebookTest):
    # A grey gradient of 16 by 8 points, quality 90, made by Pillow with libjpeg.
    SMALL = (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/"
        "2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIABADASIAAhEBAxEB/8QA"
        "FgABAQEAAAAAAAAAAAAAAAAAAAgJ/8QAFxABAAMAAAAAAAAAAAAAAAAAAAhEgf/EABQBAQAAAAAAAAAAAAAAAAAAAAD/xAAUEQEAAAAAAAAAAAAAAAAAAAAA"
        "/9oADAMBAAIRAxEAPwCNo7VcagR2q4AP/9k="
    )

    def test_a_small_picture(self):
        import io

        import numpy
        from PIL import Image

        picture = Image.open(io.BytesIO(base64.b64decode(self.SMALL)))
        self.assertEqual((picture.mode, picture.size), ("RGB", (16, 8)))
        expected = numpy.tile(numpy.arange(16) * 15, (8, 1))
        self.assertLess(numpy.abs(numpy.asarray(picture)[:, :, 0].astype(int) - expected).max(), 12)

    def test_damaged_ones_are_errors(self):
        import io

        from PIL import Image

        data = base64.b64decode(self.SMALL)
        for cut in (20, len(data) // 2, len(data) - 30):
            with self.subTest(cut=cut), self.assertRaises(OSError):
                Image.open(io.BytesIO(data[:cut])).load()

    def test_the_pictures_of_scikit_learn(self):
        self.good("from sklearn.datasets import load_sample_image\nload_sample_image('china.jpg').shape")
        self.assertEqual(self.shown()[0]["text/plain"], "(427, 640, 3)")
