from .notebook import NotebookTest

OPEN = """
from comm import create_comm
heard = []
c = create_comm(target_name="t", data={"a": 1}, metadata={"version": "2.1.0"}, buffers=[b"\\x00\\xff", b"z"])
c.on_msg(lambda message: heard.append((message["content"]["data"], [bytes(b) for b in message["buffers"]])))
c.comm_id
"""


class Comms(NotebookTest):
    def open(self):
        self.good(OPEN)
        (kind, content, body), shown = self.host.sent
        self.assertEqual((kind, content["data"], body), ("comm_open", {"a": 1}, b"\x00\xffz"))
        return content["comm_id"]

    def tell(self, comm, kind="comm_msg", body=b"", **keys):
        return self.ask("comm", body, type=kind, content={"comm_id": comm, "data": {"x": 2}}, **keys)

    def test_a_message_reaches_its_object_with_its_buffers(self):
        comm = self.open()
        self.assertEqual(self.tell(comm, body=b"abc", buffers=[1, 2]), {"status": "ok"})
        self.good("heard")
        self.assertEqual(self.shown()[0]["text/plain"], "[({'x': 2}, [b'a', b'bc'])]")

    def test_what_a_callback_prints_and_raises_is_shown(self):
        comm = self.open()
        self.good("def f(message):\n    print('here')\n    1/0\nc.on_msg(f)")
        answer = self.tell(comm)
        self.assertEqual((answer["status"], answer["ename"]), ("error", "ZeroDivisionError"))
        self.assertEqual(self.kinds(), ["stream", "error"])

    def test_an_unknown_comm_is_nobodys(self):
        self.assertEqual(self.tell("nobody"), {"status": "ok"})

    def test_the_open_comms_are_listed_until_they_close(self):
        comm = self.open()
        self.assertEqual(self.ask("comm_info", target_name="t")["comms"][comm], {"target_name": "t"})
        self.assertEqual(self.ask("comm_info")["comms"][comm], {"target_name": "t"})
        self.assertEqual(self.ask("comm_info", target_name="other")["comms"], {})
        self.tell(comm, "comm_close")
        self.assertNotIn(comm, self.ask("comm_info")["comms"])

    def test_a_comm_that_nobody_expects_is_closed_again(self):
        self.ask("comm", type="comm_open", content={"comm_id": "1", "target_name": "nobody", "data": {}})
        self.assertIn("comm_close", self.kinds())

    def test_outputs_belong_to_the_message_that_the_front_end_named(self):
        self.ask("execute", code="seen = get_ipython().kernel.get_parent()", message_id="m1")
        self.good("seen")
        self.assertEqual(self.shown()[0]["text/plain"], "{'header': {'msg_id': 'm1'}}")
        self.good("get_ipython().kernel.get_parent()")
        self.assertEqual(self.shown()[0]["text/plain"], "{}")


class History(NotebookTest):
    def test_what_was_run_is_listed(self):
        self.ask("execute", code="first_line = 1", store_history=True)
        self.ask("execute", code="second_line = 2", store_history=True)
        tail = self.ask("history", hist_access_type="tail", n=2, raw=True, output=False)["history"]
        self.assertEqual([entry[2] for entry in tail], ["first_line = 1", "second_line = 2"])
        found = self.ask("history", hist_access_type="search", pattern="first_*", raw=True, output=False)["history"]
        self.assertEqual([entry[2] for entry in found], ["first_line = 1"])
