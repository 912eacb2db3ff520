#!/bin/sh
# Sets up with the installer that this machine does not use by default (uv where that is pip, and
# the other way round), in a temporary environment, and runs the program from it. To set up once
# more is to do nothing, and to say nothing.
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

set_up() { make --no-print-directory UV="$uv" VENV="$work/venv" setup; }

set_up
again=$(set_up 2>&1)
if [ -n "$again" ]; then
  printf 'Nothing has changed, and yet a second setup says:\n%s\n' "$again" >&2
  exit 1
fi
"$work/venv/bin/lookervault" --version
