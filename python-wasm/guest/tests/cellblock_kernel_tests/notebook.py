"""A notebook whose host is a recording stub."""

import json
import types
import unittest

from cellblock_kernel import door, execute, limits, streams, turn


class Host:
    """Stands where `_host` stands: answers each call, and keeps what was sent."""

    def __init__(self):
        self.request, self.body = {}, b""
        self.sent, self.reply, self.reply_body = [], None, b""
        self.inputs, self.limit, self.tools, self.refuse = [], {"reason": "interrupt"}, {}, None

    def call(self, frame):
        length = int.from_bytes(frame[:4], "little")
        header = json.loads(bytes(frame[4 : 4 + length]).decode("utf-8"))
        answer, body = self.answer(header, bytes(frame[4 + length :]))
        head = json.dumps(answer).encode()
        return len(head).to_bytes(4, "little") + head + body

    def answer(self, header, body):
        op = header["op"]
        if op == "next":
            return {"ok": self.request}, self.body
        if op == "emit":
            if self.refuse and self.refuse(header):
                return {"error": {"type": "DoorError", "message": "too large"}}, b""
            self.sent.append((header["type"], header["content"], body))
        elif op == "reply":
            self.reply, self.reply_body = header["content"], body
        elif op == "input":
            if not self.inputs:
                return {"error": {"type": "EOFError", "message": "no more input"}}, b""
            return {"ok": {"value": self.inputs.pop(0)}}, b""
        elif op == "limit":
            return {"ok": self.limit}, b""
        elif op == "tool":
            return {"ok": {"value": self.tools[header["name"]](**header["arguments"])}}, b""
        else:
            return {"error": {"type": "ValueError", "message": f"no operation {op}"}}, b""
        return {"ok": {}}, b""


class NotebookTest(unittest.TestCase):
    """A test with a fresh host; the names a test makes are taken away again."""

    def setUp(self):
        shell = execute.shell
        self.kept = (
            door._host,
            dict(shell.user_ns),
            limits.state.armed,
            shell.last_error,
            shell.displayhook.source,
            shell.silent,
        )
        streams.gather.send()
        self.host = Host()
        door._host = types.SimpleNamespace(call=self.host.call)

    def tearDown(self):
        streams.gather.send()
        shell = execute.shell
        door._host, names, limits.state.armed, shell.last_error, shell.displayhook.source, shell.silent = self.kept
        shell.displayhook.silent = shell.silent
        for name in [n for n in shell.user_ns if n not in names]:
            del shell.user_ns[name]

    def ask(self, op, body=b"", **request):
        """Serves one whole turn and returns the reply's content."""
        self.host.request, self.host.body = {"op": op, "fresh": False, **request}, body
        self.host.sent, self.host.reply = [], None
        turn.turn()
        self.assertIsNotNone(self.host.reply, "the turn left no reply")
        return self.host.reply

    def cell(self, code, **options):
        options = {"silent": False, "store_history": True, "allow_stdin": True, "user_expressions": {}, **options}
        return self.ask("execute", code=code, **options)

    def good(self, code, **options):
        reply = self.cell(code, **options)
        self.assertEqual(reply["status"], "ok", reply.get("traceback"))
        return reply

    def bad(self, code, name):
        reply = self.cell(code)
        self.assertEqual((reply["status"], reply.get("ename")), ("error", name), reply)
        return reply

    def text(self, name="stdout"):
        return "".join(
            content["text"] for kind, content, _ in self.host.sent if kind == "stream" and content["name"] == name
        )

    def shown(self, kind="execute_result"):
        """The data of every message of a kind."""
        return [content["data"] for sent, content, _ in self.host.sent if sent == kind]

    def kinds(self):
        return [kind for kind, _, _ in self.host.sent]
