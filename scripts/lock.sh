#!/bin/sh
# Writes requirements.lock (what the program needs) and requirements-dev.lock (that, and what
# working on it needs). Each pin has the hashes of all files of its release, for every platform.
# Pins that still fit are kept; `--upgrade` or `--upgrade-package NAME` moves them.
#
# The settings of this machine's pip (mirrors, local folders, constraints) would find their way
# into the locks, so the run is cut off from them.
set -eu

cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

compile() {
  env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u PIP_CONSTRAINT \
    -u PIP_NO_INDEX -u PIP_NO_BINARY -u PIP_ONLY_BINARY PIP_CONFIG_FILE=/dev/null \
    "$venv/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras \
    --no-header --annotation-style=line --no-emit-options "$@"
}

development_group() {
  "$venv/bin/python" - <<'PYTHON'
import pathlib, tomllib
project = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))
print(*project["dependency-groups"]["dev"], sep="\n")
PYTHON
}

compile --output-file requirements.lock "$@" pyproject.toml
development_group |
  compile --output-file requirements-dev.lock --constraint requirements.lock "$@" pyproject.toml -

# pip-compile calls what comes from standard input "-r -", names the constraint as well, and finds
# pip and setuptools unsafe, which are as good as the rest with their hashes
sed -e '/^# The following packages are considered to be unsafe/d' \
  -e 's/-r -/development/' \
  -e 's/-c requirements.lock, //' -e 's/, -c requirements.lock//' \
  requirements-dev.lock >requirements-dev.lock.new
mv requirements-dev.lock.new requirements-dev.lock
