"""Measures an ordinary Jupyter kernel the way `cellblock bench` measures a session; prints JSON.

Every figure is a median in milliseconds, the memory in MiB. The kernel imports the largest of what the `data` image has loaded.
"""

import json
import statistics
import sys
import time
from pathlib import Path

from jupyter_client.manager import KernelManager

LOAD = "import numpy, pandas as pd, matplotlib.pyplot"
GROUPBY = (
    "import pandas as pd\n"
    "table = pd.DataFrame({'key': ['a', 'b'] * 500, 'value': range(1000)})\n"
    "table.groupby('key')['value'].mean()"
)


def execute(client, code):
    started = time.perf_counter()
    client.execute_interactive(code, output_hook=lambda message: None, timeout=120)
    return (time.perf_counter() - started) * 1000


def private_mebibytes(process):
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    kilobytes = sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))
    return kilobytes / 1024


def start():
    started = time.perf_counter()
    manager = KernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    execute(client, LOAD)
    return manager, client, (time.perf_counter() - started) * 1000


def main(starts=3, runs=100):
    spawns, firsts, groupbys, warm, memory = [], [], [], [], []
    for _ in range(starts):
        manager, client, spawned = start()
        try:
            spawns.append(spawned)
            firsts.append(spawned + execute(client, "1+1"))
            groupbys.append(spawned + execute(client, GROUPBY))
            warm += [execute(client, "1+1") for _ in range(runs)]
            memory.append(private_mebibytes(manager.provisioner.process.pid))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    figures = {
        "spawn": spawns,
        "spawn to the answer of 1+1": firsts,
        "spawn to the first groupby": groupbys,
        "1+1 in a live session": warm,
        "private memory of each": memory,
    }
    json.dump({name: statistics.median(values) for name, values in figures.items()}, sys.stdout)


main()
