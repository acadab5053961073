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

# Debian's package starts a server. We want the tool alone, so the server is not allowed to start.
apt_install_promtool() {
    command -v apt-get >/dev/null 2>&1 || return 1
    say "promtool is missing; installing the system package prometheus for it (apt-get). Its server is not started."
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'as_root rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM HUP
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy" || return 1
    fi
    if apt_install prometheus; then ok=yes; else ok=; fi
    if [ -n "$ok" ] && command -v systemctl >/dev/null 2>&1; then
        # Not at the next boot either.
        as_root systemctl disable --quiet prometheus prometheus-node-exporter >/dev/null 2>&1 || true
    fi
    [ -n "$ok" ]
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
