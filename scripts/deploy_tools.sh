#!/bin/sh
# Looks for what the tests of deploy/ need beside the virtual environment, and installs Debian's
# where it can. Without it these tests are left out, and say so.
set -eu

if command -v systemd-analyze >/dev/null; then
  exit 0
fi

if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo 'There is no systemd-analyze yet: apt-get installs it.'
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --quiet --no-install-recommends systemd >/dev/null 2>&1 ||
    { apt-get update --quiet >/dev/null && apt-get install --yes --quiet --no-install-recommends systemd >/dev/null; }
  exit 0
fi

echo 'There is no systemd-analyze, and this user may not install it.' >&2
exit 1
