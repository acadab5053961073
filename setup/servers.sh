#!/bin/sh
# Sees to it that Prometheus and Alertmanager can be run: $PROMETHEUS and $ALERTMANAGER, those on PATH, or else the
# system's packages. `servers.sh optional` goes on without them.
set -eu
cd "$(dirname "$0")/.."
. setup/say.sh

has_prometheus() {
    command -v "${PROMETHEUS:-prometheus}" >/dev/null 2>&1
}

has_alertmanager() {
    for name in ${ALERTMANAGER:-alertmanager prometheus-alertmanager}; do
        ! command -v "$name" >/dev/null 2>&1 || return 0
    done
    return 1
}

# Only what is missing is installed: a server that somebody uses already is left alone.
install_missing() {
    if command -v apt-get >/dev/null 2>&1; then
        alertmanager=prometheus-alertmanager
        install=apt_install_without_servers
    elif command -v brew >/dev/null 2>&1; then
        alertmanager=alertmanager
        install="brew install --quiet"
    else
        return 1
    fi
    missing=
    has_prometheus || missing=prometheus
    has_alertmanager || missing="$missing $alertmanager"
    [ -n "$missing" ] || return 0
    say "installing what is missing of Prometheus and Alertmanager (${install%% *}):" $missing"; nothing is started"
    $install $missing >&2
}

install_missing || true
if has_prometheus && has_alertmanager; then
    exit 0
fi
if [ "${1:-}" = optional ]; then
    say "Prometheus or Alertmanager cannot be had here; what needs them is left out"
    exit 0
fi
fail "Prometheus and Alertmanager are not installed, and could not be installed here.
  Debian, Ubuntu: apt-get install prometheus prometheus-alertmanager (as root; stop the services that they start)
  macOS:          brew install prometheus alertmanager
  others:         take their release archives, put them on PATH, or name them: make demo PROMETHEUS=/path ALERTMANAGER=/path"
