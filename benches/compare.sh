#!/usr/bin/env bash
# Measures Cellblock and ipykernel in one run, and prints both with their ratio.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/cellblock"
peer="$cache/peer-$(sha256sum benches/requirements.txt | cut -c1-16)"
if [ ! -e "$peer/ready" ]; then
    echo "preparing ipykernel to measure beside" >&2
    python3 -m pip install --quiet --disable-pip-version-check --target "$peer" -r benches/requirements.txt
    touch "$peer/ready"
fi
cellblock="${CARGO_TARGET_DIR:-target}/debug/cellblock"
ours=$("$cellblock" bench --json --runs "${RUNS:-50}" --sessions "${SESSIONS:-300}")
theirs=$(PYTHONPATH="$peer" python3 benches/ipykernel_figures.py)
OURS="$ours" THEIRS="$theirs" python3 - <<'PYTHON'
import json
import os

ours = json.loads(os.environ["OURS"])
theirs = json.loads(os.environ["THEIRS"])
figures = ours["figures"] if isinstance(ours, dict) else ours
print(f"{'':<46}{'cellblock':>12}{'ipykernel':>12}{'ratio':>10}")
for figure in figures:
    name, unit = figure["name"], {"milliseconds": "ms", "mebibytes": "MiB"}[figure["unit"]]
    peer = theirs.get(name)
    other = f"{peer:.2f}" if peer is not None else "-"
    ratio = f"{peer / figure['median']:.1f}x" if peer is not None else "-"
    print(f"{name:<46}{figure['median']:>9.2f} {unit:<3}{other:>11}{ratio:>10}")
PYTHON
