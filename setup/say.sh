# shellcheck shell=sh
# What the set-up scripts share: how they speak, and how they install a system package.

say() {
    printf '%s\n' "tocsin: $*" >&2
}

fail() {
    printf '%s\n' "tocsin: error: $*" >&2
    exit 2
}

# Runs a command as root: as it is where we are, by sudo where that is there. Fails where neither is.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        return 1
    fi
}

# Installs Debian packages; the caller has announced them.
apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    log=$(mktemp)
    if as_root apt-get update -qq >"$log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1; then
        rm -f "$log"
    else
        say "apt-get failed; the end of what it said:"
        tail -n 5 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

# The same for missing packages that start a server: it does not start now, nor at the next boot.
apt_install_without_servers() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'as_root rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM HUP
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy" || return 1
    fi
    apt_install "$@" || return 1
    if command -v systemctl >/dev/null 2>&1; then
        as_root systemctl disable --quiet "$@" >/dev/null 2>&1 || true
    fi
}
