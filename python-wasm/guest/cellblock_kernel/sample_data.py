"""seaborn's example tables without the network: those that packages of the image carry in some form.

The columns and rows are those of seaborn's own; the tables come out of plotly, plotnine and vega_datasets.
"""

import gzip
import io
import json
import os
from importlib.resources import files as resources

# Monthly airline passengers in thousands, 1949 to 1960 (Box and Jenkins, 1976, series G).
_PASSENGERS = """
112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140 145 150 178 163 172 178 199 199 184 162 146 166
171 180 193 181 183 218 230 242 209 191 172 194 196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229
242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306 315 301 356 348 355 422 465 467 404 347 305 336
340 318 362 348 363 435 491 505 404 359 310 337 360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432
"""
_MONTHS = "January February March April May June July August September October November December".split()


def _plotly(name):
    import pandas

    data = (resources("plotly") / "package_data" / "datasets" / f"{name}.csv.gz").read_bytes()
    return pandas.read_csv(io.BytesIO(gzip.decompress(data)))


def _plotnine(name):
    import pandas

    return pandas.read_csv(io.BytesIO((resources("plotnine") / "data" / f"{name}.csv").read_bytes()))


def _vega(name):
    import pandas

    return pandas.DataFrame(json.loads((resources("vega_datasets") / "_data" / f"{name}.json").read_text()))


def _tips():
    return _plotly("tips")


def _iris():
    return _plotly("iris").drop(columns="species_id")


def _penguins():
    table = _plotnine("penguins").drop(columns="year")
    return table.assign(sex=table.sex.str.upper())


def _diamonds():
    return _plotnine("diamonds")


def _anscombe():
    table = _vega("anscombe")
    return table.rename(columns={"Series": "dataset", "X": "x", "Y": "y"})[["dataset", "x", "y"]]


def _flights():
    import pandas

    numbers = [int(word) for word in _PASSENGERS.split()]
    rows = [(1949 + i // 12, _MONTHS[i % 12], number) for i, number in enumerate(numbers)]
    return pandas.DataFrame(rows, columns=["year", "month", "passengers"])


def _mpg():
    cars = _vega("cars").dropna(subset="Miles_per_Gallon").reset_index(drop=True)
    names = {
        "Miles_per_Gallon": "mpg",
        "Cylinders": "cylinders",
        "Displacement": "displacement",
        "Horsepower": "horsepower",
        "Weight_in_lbs": "weight",
        "Acceleration": "acceleration",
        "Year": "model_year",
        "Origin": "origin",
        "Name": "name",
    }
    cars = cars.rename(columns=names)[list(names.values())]
    return cars.assign(model_year=cars.model_year.str[:4].astype(int) - 1900, origin=cars.origin.str.lower())


TABLES = {
    "anscombe": _anscombe,
    "diamonds": _diamonds,
    "flights": _flights,
    "iris": _iris,
    "mpg": _mpg,
    "penguins": _penguins,
    "tips": _tips,
}


def install(module):
    """Lets seaborn's load_dataset find these tables; for another it says which there are."""

    def retrieve(url, path):
        name = os.path.basename(url).removesuffix(".csv")
        if name not in TABLES:
            raise OSError(
                f"the table {name!r} is on the network, and there is none in this sandbox; here are: {', '.join(sorted(TABLES))}"
            )
        TABLES[name]().to_csv(path, index=False)

    plain = module.load_dataset

    def load_dataset(name, cache=True, data_home=None, **kws):
        """Load an example dataset (those that came with the image)."""
        if isinstance(name, str) and name not in TABLES:
            retrieve(f"{name}.csv", "")
        return plain(name, True, data_home, **kws)

    module.urlretrieve = retrieve
    module.get_dataset_names = lambda: sorted(TABLES)
    module.load_dataset = load_dataset
    os.environ.setdefault("SEABORN_DATA", "/tmp/seaborn-data")
