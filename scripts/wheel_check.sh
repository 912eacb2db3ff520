#!/bin/sh
# Builds the wheel, installs it as a stranger would (an empty environment, the lock's hashes), and
# runs the program from an empty folder.
set -eu

cd "$(dirname "$0")/.."
python=$PWD/${VENV:-.venv}/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -rf build # what an earlier build left would be packed again
"$python" -m build --wheel --no-isolation --outdir "$work" . >"$work/build.log" 2>&1 || {
  cat "$work/build.log" >&2
  exit 1
}
rm -rf build

"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check --require-hashes --requirement requirements.lock
"$work/venv/bin/pip" install -qq --disable-pip-version-check --no-deps "$work"/*.whl
"$work/venv/bin/pip" check

mkdir "$work/empty"
cd "$work/empty"
"$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import files

installed = {str(path) for path in files("lookervault") or []}
for name in ("lookervault/py.typed", "licenses/LICENSE"):
    if not any(path.endswith(name) for path in installed):
        raise SystemExit(f"{name} is not in the wheel")
strangers = {path.split("/")[0] for path in installed if path.endswith(".py")} - {"lookervault"}
if strangers:
    raise SystemExit(f"the wheel brings what is not the program: {sorted(strangers)}")
PYTHON
"$work/venv/bin/lookervault" --version
"$work/venv/bin/python" -m lookervault --version
"$work/venv/bin/lookervault" demo </dev/null
