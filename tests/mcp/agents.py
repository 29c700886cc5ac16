"""The official client of the Model Context Protocol against Cellblock, unmodified, as programs with agents use it.

python3 agents.py SCENARIO ARGUMENTS: asserts what the client is told.
    http URL TOKEN          a service, by a revision with connections
    modern URL TOKEN        a service, by a revision in which each request stands alone
    stdio COMMAND DATA      `cellblock mcp` as a service of its own
    relay COMMAND URL TOKEN `cellblock mcp` before a service
"""

import asyncio
import contextlib
import json
import os
import sys

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

PLOT = "import matplotlib.pyplot as plt\nprint('before')\nplt.plot([1, 3, 2]);"


def text(result):
    """Returns the text that an agent reads."""
    return "".join(block.text for block in result.content if block.type == "text")


def refusal(result):
    """Returns why a tool refused."""
    assert result.is_error, result
    return json.loads(text(result))


async def runs_code(client):
    """Variables stay, images are images, an exception is a result that says so."""
    first = await client.call_tool("run_code", {"code": "x = 20\nprint('hello')\nx + 1"})
    assert not first.is_error and text(first) == "hello\n21", first
    told = first.structured_content
    assert (told["status"], told["text"], told["execution_count"]) == ("success", "hello\n21", 1), told
    session = {"session_id": told["session_id"]}
    second = await client.call_tool("run_code", {"code": "x * 2", **session})
    assert text(second) == "40", second
    plot = await client.call_tool("run_code", {"code": PLOT, **session})
    assert [block.type for block in plot.content] == ["text", "image"], plot
    assert plot.content[1].mime_type == "image/png" and plot.content[1].data.startswith("iVBOR"), plot.content[1]
    failed = await client.call_tool("run_code", {"code": "1 / 0", **session})
    assert failed.is_error and "ZeroDivisionError" in text(failed), failed
    assert failed.structured_content["error"] == {"name": "ZeroDivisionError", "message": "division by zero"}, failed
    return told["session_id"]


async def goes_back(client, session):
    """Checkpoints, forks, variables and tables."""
    of_session = {"session_id": session}
    before = (await client.call_tool("run_code", {"code": "x = 'kept'", **of_session})).structured_content
    await client.call_tool("run_code", {"code": "x = 'other'", **of_session})
    fork = await client.call_tool("fork_session", {**of_session, "checkpoint_id": before["checkpoint_id"]})
    forked = {"session_id": fork.structured_content["session_id"]}
    assert text(await client.call_tool("run_code", {"code": "x", **forked})) == "'kept'"
    assert text(await client.call_tool("run_code", {"code": "x", **of_session})) == "'other'"
    listed = (await client.call_tool("list_checkpoints", of_session)).structured_content["items"]
    assert before["checkpoint_id"] in [item["checkpoint_id"] for item in listed], listed
    back = await client.call_tool(
        "restore_checkpoint", {**of_session, "checkpoint_id": before["checkpoint_id"]}
    )
    assert not back.is_error, back
    assert text(await client.call_tool("run_code", {"code": "x", **of_session})) == "'kept'"
    frame = "import pandas as pd\nframe = pd.DataFrame({'a': [3, 1, 2], 'b': list('xyz')})"
    await client.call_tool("run_code", {"code": frame, **of_session})
    variables = (await client.call_tool("list_variables", of_session)).structured_content["variables"]
    (shown,) = [variable for variable in variables if variable["name"] == "frame"]
    assert shown["shape"] == [3, 2] and shown["columns"][0]["name"] == "a", shown
    condition = {"column": "a", "op": ">", "value": 1}
    table = await client.call_tool("read_table", {**of_session, "name": "frame", "sort": ["-a"], "filter": [condition]})
    assert table.structured_content["rows"] == [[3, "x"], [2, "z"]], table
    exported = await client.call_tool("export", {**of_session, "format": "csv", "variables": ["frame"]})
    assert "a,b" in exported.content[0].resource.text, exported
    ended = await client.call_tool("end_session", forked)
    assert ended.structured_content == {"ended": forked["session_id"]}, ended


async def edits_notebooks(client):
    """Cells are written with their revision; a stale write is told what the cell is now."""
    made = await client.call_tool("create_notebook", {"name": "by an agent", "cells": [{"source": "y = 6 * 7\ny"}]})
    notebook = {"notebook_id": made.structured_content["notebook"]["notebook_id"]}
    (cell,) = made.structured_content["content"]["cells"]
    named = {**notebook, "cell_id": cell["cell_id"]}
    ran = await client.call_tool("run_cell", named)
    assert not ran.is_error and ran.structured_content["cells"][0]["text"] == "42", ran
    revision = ran.structured_content["cells"][0]["revision"]
    edited = await client.call_tool("edit_cell", {**named, "revision": revision, "source": "y = 1"})
    assert not edited.is_error and edited.structured_content["stale"], edited
    stale = refusal(await client.call_tool("edit_cell", {**named, "revision": revision, "source": "y = 2"}))
    current = stale["details"]["current"]
    assert (stale["name"], current["source"]) == ("CellConflict", "y = 1"), stale
    assert current["revision"] == edited.structured_content["revision"] and "outputs" not in current, stale
    added = await client.call_tool("add_cell", {**notebook, "cell_type": "markdown", "source": "# Title", "index": 0})
    await client.call_tool("move_cell", {**notebook, "cell_id": added.structured_content["cell_id"],
                                         "revision": added.structured_content["revision"], "index": 1})
    last = await client.call_tool("add_cell", {**notebook, "source": "1 / 0"})
    await client.call_tool("add_cell", {**notebook, "source": "'never'"})
    runs = await client.call_tool("run_notebook", {**notebook, "which": "all"})
    assert runs.is_error and len(runs.structured_content["not_run"]) == 1, runs
    assert [cell["failed"] for cell in runs.structured_content["cells"]] == [False, True], runs
    read = (await client.call_tool("read_notebook", notebook)).structured_content["content"]
    assert [cell["cell_type"] for cell in read["cells"]] == ["code", "markdown", "code", "code"], read
    assert all(cell["isUpdate"] for cell in read["cells"]), read
    assert read["last_error"]["name"] == "ZeroDivisionError", read
    again = (await client.call_tool("read_notebook", notebook)).structured_content["content"]
    assert not any(cell["isUpdate"] for cell in again["cells"]), again
    deleted = await client.call_tool("delete_cell", {**notebook, "cell_id": last.structured_content["cell_id"],
                                                     "revision": last.structured_content["revision"]})
    assert not deleted.is_error, deleted
    return made.structured_content["notebook"]


async def keeps_files(client, session):
    """What an agent writes is what code reads, and the other way round."""
    written = await client.call_tool("write_file", {"path": "in/data.txt", "text": "from outside"})
    version = written.structured_content["version"]
    code = "open('out.bin', 'wb').write(bytes(range(256)))\nopen('in/data.txt').read()"
    ran = await client.call_tool("run_code", {"code": code, "session_id": session})
    assert text(ran) == "'from outside'", ran
    read = await client.call_tool("read_file", {"path": "out.bin"})
    assert read.structured_content["encoding"] == "base64" and read.content[0].resource.blob.startswith("AAEC"), read
    part = await client.call_tool("read_file", {"path": "in/data.txt", "offset": 5, "max_bytes": 4})
    assert text(part) == "outs" and part.structured_content["next_offset"] == 9, part
    stale = await client.call_tool("write_file", {"path": "in/data.txt", "text": "x", "version": "0" * 32})
    assert refusal(stale)["name"] == "PreconditionFailed", stale
    listed = (await client.call_tool("list_files", {"path": "in"})).structured_content["items"]
    assert [item["path"] for item in listed] == ["in/data.txt"], listed
    gone = await client.call_tool("delete_file", {"path": "in/data.txt", "version": version})
    assert not gone.is_error, gone
    outside = refusal(await client.call_tool("read_file", {"path": "../../etc/passwd"}))
    assert outside["name"] == "PathRefused" and outside["solution"], outside


async def reads_resources(client, session, notebook):
    """Notebooks and variables have addresses."""
    listed = [resource.uri for resource in (await client.list_resources()).resources]
    uri = f"cellblock://projects/{notebook['project_id']}/notebooks/by%20an%20agent.ipynb"
    assert uri in [str(one) for one in listed], listed
    (contents,) = (await client.read_resource(uri)).contents
    assert json.loads(contents.text)["content"]["name"] == "by an agent", contents
    (contents,) = (await client.read_resource(f"cellblock://sessions/{session}/variables/frame")).contents
    assert json.loads(contents.text)["type"] == "DataFrame", contents
    templates = (await client.list_resource_templates()).resource_templates
    assert len(templates) == 4, templates
    for unknown in ("cellblock://sessions/x/variables", "file:///etc/passwd"):
        try:
            await client.read_resource(unknown)
        except MCPError as error:
            assert error.error.data["solution"], error
        else:
            raise AssertionError(f"{unknown} was read")


async def hears_of_progress(client, session):
    """Lines of output come while code runs."""
    heard = []

    async def progress(done, total, message):
        heard.append((done, message))

    code = "for i in range(3):\n    print('step', i)"
    await client.call_tool("run_code", {"code": code, "session_id": session}, progress_callback=progress)
    messages = [message for _, message in heard]
    assert "running" in messages and any(message.startswith("step") for message in messages), heard
    times = [done for done, _ in heard]
    assert times == sorted(set(times)), heard


async def gives_up(client, session):
    """A call that is cancelled interrupts what it ran; the session goes on."""
    started = anyio.Event()

    async def progress(done, total, message):
        if message == "on":
            started.set()

    code = "print('on', flush=True)\nwhile True: pass"
    async with anyio.create_task_group() as tasks:

        async def endless():
            arguments = {"code": code, "session_id": session}
            await client.call_tool("run_code", arguments, progress_callback=progress)

        tasks.start_soon(endless)
        with anyio.fail_after(60):
            await started.wait()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(60):
        after = await client.call_tool("run_code", {"code": "'still here'", "session_id": session})
    assert text(after) == "'still here'", after


async def everything(client):
    assert client.server_info.name == "cellblock" and "run_code" in client.instructions, client.server_info
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools["list_files"].annotations.read_only_hint and tools["end_session"].annotations.destructive_hint, tools
    unknown = refusal(await client.call_tool("run_code", {"code": "1", "sesion_id": "x"}))
    assert unknown["name"] == "InvalidField" and "sesion_id" in unknown["message"], unknown
    session = await runs_code(client)
    await goes_back(client, session)
    notebook = await edits_notebooks(client)
    await keeps_files(client, session)
    await reads_resources(client, session, notebook)
    await hears_of_progress(client, session)
    await gives_up(client, session)


@contextlib.asynccontextmanager
async def over_http(url, token, mode, **options):
    http = create_mcp_http_client(headers={"Authorization": f"Bearer {token}"})
    async with http, Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode, **options) as client:
        yield client


async def hears_of_changes(url, token):
    """Whoever subscribed to a notebook is told that it changed."""
    changed = anyio.Event()

    async def heard(message):
        if getattr(message, "method", "") == "notifications/resources/updated":
            changed.set()

    async with over_http(url, token, "legacy", message_handler=heard) as client:
        made = (await client.call_tool("create_notebook", {"name": "watched"})).structured_content["notebook"]
        uri = f"cellblock://projects/{made['project_id']}/notebooks/watched.ipynb"
        await client.session.subscribe_resource(uri)
        with anyio.fail_after(60):
            # The stream of notifications may come to be after the first change.
            while not changed.is_set():
                await client.call_tool("add_cell", {"notebook_id": made["notebook_id"], "source": "1"})
                await anyio.lowlevel.checkpoint()


async def listens_to_changes(client):
    """The same in the revision without connections: one request goes on."""
    made = (await client.call_tool("create_notebook", {"name": "watched"})).structured_content["notebook"]
    uri = f"cellblock://projects/{made['project_id']}/notebooks/watched.ipynb"

    async def change():
        while True:
            await client.call_tool("add_cell", {"notebook_id": made["notebook_id"], "source": "1"})

    async with client.listen(resource_subscriptions=[uri]) as changes, anyio.create_task_group() as tasks:
        tasks.start_soon(change)
        with anyio.fail_after(60):
            async for changed in changes:
                assert changed.uri == uri, changed
                break
        tasks.cancel_scope.cancel()


async def http(url, token):
    async with over_http(url, token, "legacy") as client:
        assert client.protocol_version == "2025-11-25", client.protocol_version
        await everything(client)
        own = (await client.call_tool("run_code", {"code": "mine = 1"})).structured_content["session_id"]
        again = (await client.call_tool("run_code", {"code": "mine"})).structured_content
        assert (again["session_id"], again["text"]) == (own, "1"), again
    await hears_of_changes(url, token)


async def modern(url, token):
    async with over_http(url, token, "auto") as client:
        assert client.protocol_version == "2026-07-28", client.protocol_version
        await everything(client)
        await listens_to_changes(client)


async def stdio(command, data):
    server = StdioServerParameters(command=command, args=["mcp", "--data", data], env=dict(os.environ))
    async with Client(server) as client:
        await everything(client)


async def relay(command, url, token):
    environment = {**os.environ, "CELLBLOCK_CLIENT__TOKEN": token}
    server = StdioServerParameters(command=command, args=["mcp", "--url", url], env=environment)
    for mode in ("legacy", "auto"):
        async with Client(server, mode=mode) as client:
            session = await runs_code(client)
            await goes_back(client, session)
            await hears_of_progress(client, session)
            await gives_up(client, session)


if __name__ == "__main__":
    scenario, *arguments = sys.argv[1:]
    asyncio.run({"http": http, "modern": modern, "stdio": stdio, "relay": relay}[scenario](*arguments))
