#!/bin/sh
# Sees to it that promtool is there: $PROMTOOL, one on PATH, or else the system's package.
set -eu
cd "$(dirname "$0")/.."
. setup/say.sh

if [ -n "${PROMTOOL:-}" ]; then
    command -v "$PROMTOOL" >/dev/null 2>&1 || fail "PROMTOOL=$PROMTOOL cannot be run"
    exit 0
fi
if command -v promtool >/dev/null 2>&1; then
    exit 0
fi

apt_install_promtool() {
    command -v apt-get >/dev/null 2>&1 || return 1
    say "promtool is missing; installing the system package prometheus for it (apt-get). Its server is not started."
    apt_install_without_servers prometheus
}

brew_install_promtool() {
    command -v brew >/dev/null 2>&1 || return 1
    say "promtool is missing; installing prometheus for it (brew). Its server is not started."
    brew install --quiet prometheus >&2
}

apt_install_promtool || brew_install_promtool || true
command -v promtool >/dev/null 2>&1 || fail "promtool is not installed, and could not be installed here.
  Debian, Ubuntu: apt-get install prometheus (as root; stop the service that it starts)
  macOS:          brew install prometheus
  others:         it is part of Prometheus's release archive; put it on PATH, or name it: make test PROMTOOL=/path/to/promtool"
