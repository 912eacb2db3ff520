#!/bin/sh
# Makes the virtual environment: what the lock says, nothing else, and the project (editable).
#
# Does nothing, and says nothing, if the environment was made from this very lock. A changed lock
# brings a new environment, a changed pyproject.toml only a new look at the project.
#
#     VENV=.venv    where
#     UV=/path/uv   the uv to use; empty: python3.13's own venv, and pip
#     PYTHON=…      the interpreter to use without uv
set -eu

cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
uv=${UV:-}
wanted=3.13

say() { printf '%s\n' "$*" >&2; }

is_wanted() {
  "$1" -c "import sys; sys.exit('.'.join(map(str, sys.version_info[:2])) != '$wanted')" 2>/dev/null
}

# prints the interpreter itself, not a shim of pyenv or an environment that is about to go
find_python() {
  for candidate in ${PYTHON:-} "python$wanted" python3 python; do
    if is_wanted "$candidate"; then
      "$candidate" -c "import sys; print(sys._base_executable)"
      return
    fi
  done
  say "There is no Python $wanted here: neither ${PYTHON:+$PYTHON, }python$wanted, python3 nor python is one."
  say "Install one of these, then run the same command again:"
  say "  uv                 https://docs.astral.sh/uv/ (fetches Python by itself)"
  say "  macOS, Homebrew    brew install python@$wanted"
  say "  Debian, Ubuntu     apt install python$wanted python$wanted-venv"
  say "  pyenv              pyenv install $(cat .python-version)"
  say "Or name the interpreter: make PYTHON=/path/to/python$wanted …"
  exit 1
}

clear_place() {
  if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ]; then
    say "$venv is there and is no virtual environment, so it is left alone."
    say "Move it away, or name another place: make VENV=/path/to/it …"
    exit 1
  fi
  rm -rf "$venv"
}

make_environment() {
  if [ -n "$uv" ]; then
    clear_place
    say "Setting up $venv with uv …"
    "$uv" venv --quiet --python "$wanted" "$venv"
    "$uv" pip install --quiet --python "$venv/bin/python" --require-hashes \
      --requirement requirements-dev.lock
  else
    python=$(find_python)
    clear_place
    say "Setting up $venv with pip …"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes \
      --requirement requirements-dev.lock
  fi
  cp requirements-dev.lock "$venv/made-from.lock"
}

# setuptools is in the lock, so that nothing is downloaded to build with, unchecked by any hash
install_project() {
  if [ -n "$uv" ]; then
    "$uv" pip install --quiet --python "$venv/bin/python" --no-deps \
      --no-build-isolation --editable .
  else
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
      --no-build-isolation --editable .
  fi
  cp pyproject.toml "$venv/made-from.toml"
}

cmp -s requirements-dev.lock "$venv/made-from.lock" || make_environment
cmp -s pyproject.toml "$venv/made-from.toml" || install_project
