import gc
import io
import sys
import weakref

from cellblock_kernel import door, execute, permanent

from .notebook import NotebookTest

IMMORTAL = 1 << 30


class Permanent(NotebookTest):
    def test_what_the_image_holds_is_immortal(self):
        shell = execute.shell
        held = (io, io.StringIO, execute.run, execute.run.__code__, execute.run.__code__.co_consts, vars(shell))
        for value in (*held, "a name of the kernel's".__class__, door.encode.__doc__):
            with self.subTest(value=type(value)):
                self.assertGreaterEqual(sys.getrefcount(value), IMMORTAL)

    def test_what_a_session_makes_ends(self):
        ended = []

        class Thing:
            def __del__(self):
                ended.append("del")

        thing = Thing()
        weakref.finalize(thing, ended.append, "finalized")
        del thing
        self.assertEqual(sorted(ended), ["del", "finalized"])
        ring = []
        ring.append(ring)
        Thing.ring = ring
        seen = weakref.ref(Thing)
        del Thing, ring
        gc.collect()
        self.assertIsNone(seen())

    def test_only_what_lasts_is_chosen(self):
        class Closing:
            def __del__(self):
                pass

        def generate():
            yield

        async def wait():
            pass

        waiting = wait()
        values = (Closing(), generate(), waiting, iter([]), io.StringIO(), sys._getframe())
        for value in values:
            with self.subTest(value=type(value)):
                self.assertTrue(permanent._ends(type(value)))
        waiting.close()
        for value in (Closing, 1, "a", [], {}, sys, len, wait.__code__, weakref.ref(Closing)):
            with self.subTest(value=type(value)):
                self.assertFalse(permanent._ends(type(value)))

    def test_the_users_own_values_are_left_alone(self):
        own, shared, stream = {"a": 1}, {"b": 2}, io.StringIO()
        asked = []
        self.host.answer = lambda header, body: (asked.append((header, body)), ({"ok": {}}, b""))[1]
        left = {id(own)}
        permanent._fix([own, shared, stream], left, {})
        self.assertEqual(asked, [({"op": "immortal"}, id(shared).to_bytes(4, "little"))])
        self.assertEqual(left, {id(own), id(stream)})
