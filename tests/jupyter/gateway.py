"""Jupyter's clients against a service, unmodified, as their users call them.

python3 gateway.py CLIENT URL TOKEN IMAGE [FILE]: asserts what the client is told, or prints what it was told instead.
"""

import json
import os
import sys


def nbclient(url, token, image, file=None):
    """Runs a notebook by the gateway's kernel manager. Its WebSocket carries no token but that of the address."""
    import nbformat

    os.environ["JUPYTER_GATEWAY_URL"] = f"{url}/g/{token}"
    from jupyter_server.gateway.managers import GatewayKernelManager
    from nbclient import NotebookClient

    if file:
        notebook = nbformat.read(file, 4)
    else:
        sources = ["print('hello')\n6 * 7", "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);", "len?"]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    client = NotebookClient(
        notebook, kernel_manager_class=GatewayKernelManager, kernel_name=image, timeout=120, allow_errors=False
    )
    client.execute()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), code
    if not file:
        first, second, third = code
        assert first.outputs[0]["text"] == "hello\n", first.outputs
        assert first.outputs[1]["data"]["text/plain"] == "42", first.outputs
        assert "image/png" in second.outputs[0]["data"], second.outputs
        # The page of help comes in the reply, and nbclient shows none.
        assert third.outputs == [], third.outputs


def nbclient_error(url, token, image):
    """A cell that raises ends the run, with the cell's own error."""
    import nbformat

    os.environ["JUPYTER_GATEWAY_URL"] = f"{url}/g/{token}"
    from jupyter_server.gateway.managers import GatewayKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    cells = [nbformat.v4.new_code_cell(source) for source in ("1 / 0", "2")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, kernel_manager_class=GatewayKernelManager, kernel_name=image, timeout=60)
    try:
        client.execute()
    except CellExecutionError as error:
        assert error.ename == "ZeroDivisionError", error
    else:
        raise AssertionError("the error was not told")
    assert notebook.cells[1].outputs == [], notebook.cells[1]


def papermill(url, token, image, folder):
    """Runs a notebook with parameters."""
    import nbformat

    os.environ["JUPYTER_GATEWAY_URL"] = f"{url}/g/{token}"
    import papermill as pm

    parameters = nbformat.v4.new_code_cell("n = 1", metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(
        cells=[parameters, nbformat.v4.new_code_cell("print(n * 2)")],
        # The kernel that notebooks of every Python name.
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    source, target = os.path.join(folder, "in.ipynb"), os.path.join(folder, "out.ipynb")
    nbformat.write(notebook, source)
    pm.execute_notebook(
        source,
        target,
        parameters={"n": 21},
        kernel_manager_class="jupyter_server.gateway.managers.GatewayKernelManager",
        progress_bar=False,
    )
    with open(target) as written:
        outputs = [cell["outputs"] for cell in json.load(written)["cells"]]
    assert outputs[-1][0]["text"] in ("42\n", ["42\n"]), outputs


def kernel_client(url, token, image):
    """The client of datalayer: its token is in a header and in the WebSocket's query, its frames are binary."""
    from jupyter_kernel_client import JupyterKernelClient

    with JupyterKernelClient(server_url=url, token=token, kernel_name=image) as kernel:
        told = kernel.execute("x = 2\nprint('a')\nx * 21")
        assert told["status"] == "ok", told
        assert [output["output_type"] for output in told["outputs"]] == ["stream", "execute_result"], told
        assert told["outputs"][1]["data"]["text/plain"] == "42", told
        failed = kernel.execute("1 / 0")
        assert failed["status"] == "error", failed
        assert failed["outputs"][0]["ename"] == "ZeroDivisionError", failed
        names = [variable["name"] for variable in kernel.list_variables()]
        assert "x" in names, names
        kernel.restart() if hasattr(kernel, "restart") else None


def installed(image, folder):
    """What starts a kernel by its kernelspec, without a service: nbval checks outputs, testbook calls functions."""
    import subprocess

    import nbformat
    from testbook import testbook

    cells = [nbformat.v4.new_code_cell("def double(n):\n    return 2 * n"), nbformat.v4.new_code_cell("double(21)")]
    shown = nbformat.v4.new_output("execute_result", {"text/plain": "42"}, execution_count=2)
    cells[1].outputs = [shown]
    for count, cell in enumerate(cells, 1):
        cell.execution_count = count
    notebook = os.path.join(folder, "checked.ipynb")
    kernelspec = {"name": f"cellblock-{image}", "display_name": "x", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), notebook)

    def nbval():
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--nbval", notebook]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder)

    told = nbval()
    assert told.returncode == 0 and "2 passed" in told.stdout, told.stdout + told.stderr
    shown.data["text/plain"] = "43"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), notebook)
    told = nbval()
    assert told.returncode == 1 and "1 failed, 1 passed" in told.stdout, told.stdout + told.stderr

    # On a busy machine what is shown may come later than nbclient waits for it by itself, without a word.
    patience = {"iopub_timeout": 60, "raise_on_iopub_timeout": True}
    with testbook(notebook, execute=True, kernel_name=f"cellblock-{image}", **patience) as book:
        doubled = book.ref("double")(4)
        assert doubled == 8, doubled
        book.inject("import json; kept = json.dumps({'a': 1})")
        assert book.ref("kept") == '{"a": 1}', book.ref("kept")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
