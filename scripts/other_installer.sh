#!/bin/sh
# Sets up with the installer that this machine does not use by default (uv where that is pip, and
# the other way round), in a temporary environment, and runs the program from it.
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -n "${UV:-}" ]; then
  uv=
else
  "${VENV:-.venv}/bin/python" -m venv "$work/uv"
  "$work/uv/bin/pip" install -qq uv # any version, as people have any
  uv=$work/uv/bin/uv
fi

make --no-print-directory UV="$uv" VENV="$work/venv" setup
"$work/venv/bin/lookervault" --version
