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


class OutputWidgets(NotebookTest):
    """What is shown inside of an `Output` widget."""

    def outputs(self, widget):
        self.good(f"[{widget}.outputs, {widget}.msg_id]")
        return eval(self.shown()[0]["text/plain"])

    def test_it_is_in_the_state_and_nowhere_else(self):
        self.good(
            "import sys\nfrom ipywidgets import Output\nout = Output()\n"
            "with out:\n    print('a')\n    print('b')\n    sys.stderr.write('c')\n    display({'x': 1})\nprint('outside')"
        )
        self.assertEqual(self.text(), "outside\n")
        outputs, message = self.outputs("out")
        self.assertEqual(message, "")
        self.assertEqual([output["output_type"] for output in outputs], ["stream", "stream", "display_data"])
        self.assertEqual([outputs[0]["text"], outputs[1]["text"]], ["a\nb\n", "c"])
        self.assertEqual(outputs[2]["data"]["text/plain"], "{'x': 1}")

    def test_what_raises_inside_is_shown_inside(self):
        self.good("from ipywidgets import Output\nout = Output()\nwith out:\n    1/0\nprint('goes on')")
        self.assertEqual((self.kinds()[-1], self.text()), ("stream", "goes on\n"))
        self.assertEqual(self.outputs("out")[0][0]["ename"], "ZeroDivisionError")

    def test_clearing_and_updating_stay_inside(self):
        self.good(
            "from IPython.display import clear_output\nfrom ipywidgets import Output\nout = Output()\n"
            "with out:\n    print('old')\n    clear_output(wait=True)\n    handle = display(1, display_id=True)\n"
            "    handle.update(2)"
        )
        self.assertNotIn("clear_output", self.kinds())
        outputs, _ = self.outputs("out")
        self.assertEqual([output["data"]["text/plain"] for output in outputs], ["2"])

    def test_interact_follows_its_control(self):
        self.good("from ipywidgets import interact\n@interact(x=(0, 10))\ndef f(x): print('x is', x)")
        self.assertEqual(self.text(), "")
        self.good("shown = f.widget.out")
        self.assertEqual(self.outputs("shown")[0][0]["text"], "x is 5\n")
        self.good("slider = f.widget.children[0].model_id\nslider")
        slider = eval(self.shown()[0]["text/plain"])
        update = {"comm_id": slider, "data": {"method": "update", "state": {"value": 7}, "buffer_paths": []}}
        self.assertEqual(self.ask("comm", type="comm_msg", content=update), {"status": "ok"})
        self.assertEqual(self.outputs("shown")[0][0]["text"], "x is 7\n")

    def test_a_front_end_that_names_its_messages_takes_it_itself(self):
        code = "from ipywidgets import Output\nout = Output()\nwith out:\n    print('a')"
        self.ask("execute", code=code, message_id="m1")
        self.assertEqual(self.text(), "a\n")
        told = [content["data"]["state"]["msg_id"] for kind, content, _ in self.host.sent if kind == "comm_msg"]
        self.assertEqual([told[0], told[-1]], ["m1", ""])


class History(NotebookTest):
    def test_what_was_run_is_listed(self):
        self.ask("execute", code="first_line = 1", store_history=True)
        self.ask("execute", code="second_line = 2", store_history=True)
        tail = self.ask("history", hist_access_type="tail", n=2, raw=True, output=False)["history"]
        self.assertEqual([entry[2] for entry in tail], ["first_line = 1", "second_line = 2"])
        found = self.ask("history", hist_access_type="search", pattern="first_*", raw=True, output=False)["history"]
        self.assertEqual([entry[2] for entry in found], ["first_line = 1"])
