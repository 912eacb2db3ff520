#!/bin/sh
# Installs Azurite, Microsoft's emulator of Azure Blob Storage, for the tests of snapshots: the
# versions of scripts/azurite/package-lock.json, each checked against its hash, into the virtual
# environment. Does nothing if it is there. No package's own script is run.
set -eu

cd "$(dirname "$0")/.."
place=${VENV:-.venv}/azurite

if ! command -v npm >/dev/null; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo 'There is no Node.js yet: apt-get installs it.'
    export DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --quiet --no-install-recommends nodejs npm >/dev/null 2>&1 ||
      { apt-get update --quiet >/dev/null && apt-get install --yes --quiet --no-install-recommends nodejs npm >/dev/null; }
  else
    echo 'There is no npm, and this user may not install it. With apt: sudo apt-get install nodejs npm' >&2
    exit 1
  fi
fi

if cmp -s scripts/azurite/package-lock.json "$place/made-from.json"; then
  exit 0
fi
echo 'Installing Azurite with npm …'
rm -rf "$place"
mkdir -p "$place"
cp scripts/azurite/package.json scripts/azurite/package-lock.json "$place"
npm ci --prefix "$place" --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error
cp scripts/azurite/package-lock.json "$place/made-from.json"
