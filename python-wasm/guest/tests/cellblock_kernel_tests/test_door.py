import json
import math
import unittest

from cellblock_kernel import door


class Encoding(unittest.TestCase):
    def round(self, value):
        return json.loads(
            door.encode(value).decode("utf-8"), parse_constant=lambda word: self.fail(f"not JSON: {word}")
        )

    def test_plain_values(self):
        value = {"a": [1, 2.5, None, True, 'é\x00\n"\\'], "b": {}}
        self.assertEqual(self.round(value), value)

    def test_not_a_number(self):
        self.assertEqual(self.round({"x": [math.nan, math.inf, 1.0]}), {"x": [None, None, 1.0]})

    def test_lone_surrogates(self):
        self.assertEqual(self.round({"x": "a\ud800b"}), {"x": "a?b"})

    def test_what_json_does_not_know(self):
        import datetime

        value = {"t": (1, 2), "s": {3}, "d": datetime.date(2024, 1, 2), "b": b"ab", 5: "key", "i": 10**400, "o": object}
        found = self.round(value)
        self.assertEqual(
            (found["t"], found["s"], found["d"], found["b"], found["5"], found["i"]),
            ([1, 2], [3], "2024-01-02", "YWI=", "key", None),
        )

    def test_depth(self):
        deep = []
        for _ in range(200):
            deep = [deep]
        self.assertIn("...", json.dumps(door.clean(deep)))

    def test_subclasses_of_the_basic_types(self):
        class Text(str):
            def __str__(self):
                raise ValueError

        class Number(int):
            def __repr__(self):
                raise ValueError

        self.assertEqual(door.clean({"a": Text("x"), "b": Number(3)}), {"a": "x", "b": 3})

    def test_errors_by_name(self):
        self.assertIsInstance(door._error({"type": "OSError", "message": "x"}), OSError)
        self.assertIsInstance(door._error({"type": "SystemExit", "message": "x"}), door.DoorError)
        self.assertIsInstance(door._error({"type": "Nonsense", "message": "x"}), door.DoorError)
        self.assertIsInstance(door._error({}), door.DoorError)
