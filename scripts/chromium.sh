#!/bin/sh
# Looks for the browser that `make test-browser` needs, and installs Debian's where it can.
set -eu

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then
    exit 0
  fi
done

if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo 'There is no Chromium yet: apt-get installs it.'
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --quiet --no-install-recommends chromium >/dev/null 2>&1 ||
    { apt-get update --quiet >/dev/null && apt-get install --yes --quiet --no-install-recommends chromium >/dev/null; }
  exit 0
fi

echo 'There is no Chromium, and this user may not install it. With apt: sudo apt-get install chromium' >&2
exit 1
