"""What no client sends, to a kernel of `cellblock kernel`: it goes on, and answers only who knows the key.

python3 hostile.py IMAGE
"""

import atexit
import hashlib
import hmac
import json
import sys
import time
import uuid

import zmq
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name=f"cellblock-{sys.argv[1]}")
# Whatever fails: who waits for what this says waits for its kernel, too.
atexit.register(manager.shutdown_kernel, now=True)
info = manager.get_connection_info()
context = zmq.Context()


def socket(channel):
    made = context.socket(zmq.DEALER)
    made.linger = 0
    made.connect(f"tcp://{info['ip']}:{info[channel + '_port']}")
    return made


def signed(*parts, key=info["key"]):
    signature = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        signature.update(part)
    return [b"<IDS|MSG>", signature.hexdigest().encode(), *parts]


def header(kind):
    return json.dumps({
        "msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "u", "version": "5.4",
        "date": "2026-01-01T00:00:00Z",
    }).encode()


def execute(code):
    return header("execute_request"), b"{}", b"{}", json.dumps({"code": code, "silent": False}).encode()


def goes_on(why):
    """The kernel runs code for who knows the key."""
    reply = client.execute_interactive("6 * 7", timeout=60, silent=False, output_hook=lambda _message: None)
    assert reply["content"]["status"] == "ok", (why, reply)


def unanswered(channel, frames, why):
    asked = socket(channel)
    asked.send_multipart(frames)
    assert not asked.poll(500), (why, asked.recv_multipart())
    asked.close()
    goes_on(why)


goes_on("at the beginning")
evil = execute("raise SystemExit('a stranger was heard')")
for channel in ("shell", "control", "stdin"):
    unanswered(channel, signed(*evil, key=b"wrong"), "a wrong key")
    unanswered(channel, [b"<IDS|MSG>", b"", *evil], "no signature")
    unanswered(channel, [b"<IDS|MSG>", b"0" * 64, *evil], "a signature of nothing")
    unanswered(channel, [b""], "an empty frame")
    unanswered(channel, [b"x"] * 2000, "many frames")
    unanswered(channel, [b"<IDS|MSG>"], "nothing behind the mark")
    unanswered(channel, signed(b"{}", b"{}", b"{}"), "too few parts")
    unanswered(channel, signed(b"{", b"{}", b"{}", b"{}"), "no JSON")
    unanswered(channel, signed(b"[]", b"{}", b"{}", b"{}"), "a header that is a list")
    unanswered(channel, signed(b"\xff\xfe", b"{}", b"{}", b"{}"), "no UTF-8")
    unanswered(channel, signed(header("execute_request"), b"{}", b"{}", b"[" * 100_000), "deep JSON")
    unanswered(channel, signed(header("no_such_request"), b"{}", b"{}", b"{}"), "an unknown message")

# A message that was heard once is not done again.
once = signed(*execute("count = globals().get('count', 0) + 1"))
asked = socket("shell")
asked.send_multipart(once)
assert asked.poll(60_000), "the control is not answered"
asked.recv_multipart()
asked.close()
unanswered("shell", once, "a message that is sent again")
reply = client.execute_interactive("assert count == 1, count", timeout=60, output_hook=lambda _message: None)
assert reply["content"]["status"] == "ok", reply

# After an error, what waited is not run; what is sent when the answer is there, is.
asked = socket("shell")
statuses = []
for _ in range(300):
    asked.send_multipart(signed(*execute("1 / 0")))
    asked.recv_multipart()
    asked.send_multipart(signed(*execute("1")))
    statuses.append(json.loads(asked.recv_multipart()[-1])["status"])
assert set(statuses) == {"ok"}, statuses
for code in ("import time; time.sleep(0.5); 1 / 0", "1"):
    asked.send_multipart(signed(*execute(code)))
statuses = [json.loads(asked.recv_multipart()[-1])["status"] for _ in range(2)]
assert statuses == ["error", "aborted"], statuses
asked.close()

# What is too large ends its connection and takes no memory.
big = socket("shell")
part = b"x" * (64 << 20)
try:
    big.send_multipart([b"<IDS|MSG>", b"0" * 64, part, part, part, part], copy=False)
    time.sleep(1)
finally:
    big.close()
goes_on("a message of 256 MiB")
with open(f"/proc/{manager.provisioner.pid}/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print("most memory of the kernel's process:", peak >> 10, "MiB", file=sys.stderr)

# Somebody who speaks no ZeroMQ, and somebody who says nothing.
import socket as plain

for said in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, b""):
    line = plain.create_connection((info["ip"], info["shell_port"]))
    line.sendall(said)
    goes_on(f"{said[:8]!r} on the line")
    line.close()

client.stop_channels()
