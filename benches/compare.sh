#!/usr/bin/env bash
# Measures Cellblock (by criterion) and ipykernel in one run, and prints both with their ratio; then the
# service beside a Jupyter Kernel Gateway, by the load driver; then the notebook in a browser, where one is.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/cellblock"
peer="$cache/peer-$(sha256sum benches/requirements.txt | cut -c1-16)"
if [ ! -e "$peer/ready" ]; then
    echo "preparing ipykernel and the kernel gateway to measure beside" >&2
    python3 -m pip install --quiet --disable-pip-version-check --target "$peer" -r benches/requirements.txt
    touch "$peer/ready"
fi
target="${CARGO_TARGET_DIR:-target}"
# The dev profile optimises everything but the service itself, which is compiled quickly there.
bench=(cargo bench --locked --workspace --profile dev --config profile.dev.package.cellblock.opt-level=2)
rm -rf "$target/criterion/session"
"${bench[@]}" --bench session >&2
memory=$("$target/debug/cellblock" bench --json --runs 1 --sessions "${SESSIONS:-300}")
theirs=$(PYTHONPATH="$peer" python3 benches/ipykernel_figures.py)
MEMORY="$memory" THEIRS="$theirs" python3 - "$target/criterion/session" <<'PYTHON'
import json
import os
import sys
from pathlib import Path

rows = []
for found in Path(sys.argv[1]).glob("*/new/benchmark.json"):
    name = json.loads(found.read_text())["function_id"]
    estimates = json.loads(found.with_name("estimates.json").read_text())
    rows.append((found.stat().st_mtime, name, estimates["median"]["point_estimate"] / 1e6, "ms"))
rows.sort()
units = {"milliseconds": "ms", "mebibytes": "MiB"}
# The last figures of `cellblock bench` are those of many live sessions.
for figure in json.loads(os.environ["MEMORY"])["figures"][-2:]:
    rows.append((0, figure["name"], figure["median"], units[figure["unit"]]))

theirs = json.loads(os.environ["THEIRS"])
print(f"{'median':<46}{'cellblock':>12}{'ipykernel':>12}{'ratio':>10}")
for _, name, ours, unit in rows:
    peer = theirs.get(name)
    other = f"{peer:.2f}" if peer is not None else "-"
    ratio = f"{peer / ours:.1f}x" if peer is not None else "-"
    print(f"{name:<46}{ours:>9.2f} {unit:<3}{other:>11}{ratio:>10}")
PYTHON

echo
"${bench[@]}" --bench load -- --peer "$peer"

if [ -d frontend/node_modules ] && command -v "${CHROMIUM:-chromium}" >/dev/null; then
    echo
    folder=$(mktemp -d)
    "$target/debug/cellblock" serve --address 127.0.0.1:0 --data "$folder/data" >"$folder/address" 2>"$folder/log" &
    service=$!
    trap 'kill "$service"; wait "$service" || true; rm -rf "$folder"' EXIT
    for _ in $(seq 300); do
        address=$(grep -o -m 1 'http://[^ ]*token=[^ ]*' "$folder/address") && break
        sleep 0.2
    done
    CELLBLOCK_URL="$address" npm --prefix frontend run --silent bench
fi
