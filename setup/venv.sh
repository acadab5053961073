#!/bin/sh
# Makes .venv and installs the project into it: `venv.sh run` what the command needs, `venv.sh dev` what the tests need.
# Does nothing where that is done already. A set-up that was interrupted is taken up again.
set -eu
cd "$(dirname "$0")/.."
. setup/say.sh

kind=${1:-run}
stamp=".venv/installed-$kind"
wanted=$(cksum <pyproject.toml)

# A complete set-up for the tests serves the command too.
for done in "$stamp" .venv/installed-dev; do
    if [ -x .venv/bin/python ] && [ -f "$done" ] && [ "$(cat "$done")" = "$wanted $PWD" ]; then
        exit 0
    fi
done

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_new_enough "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer"
        printf '%s\n' "$PYTHON"
        return
    fi
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or newer is needed; here is $(python3 --version 2>&1 || echo none). Install one, or name it: make PYTHON=/path/to/python3"
}

has_venv() {
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

make_venv() {
    python=$(find_python)
    if ! has_venv "$python"; then
        package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        say "Python's venv module is missing; installing the system package $package (apt-get)"
        apt_install "$package" || apt_install python3-venv ||
            fail "cannot install $package here: run \`apt-get install python3-venv\` as root, then this again"
        has_venv "$python" || fail "$python still has no venv module; name another: make PYTHON=/path/to/python3"
    fi
    say "setting up .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# A .venv that was moved, or whose Python is gone, is of no use.
if ! .venv/bin/python -c 'import sys; sys.exit(sys.prefix == sys.base_prefix)' >/dev/null 2>&1 ||
    [ "$(cat .venv/made-in 2>/dev/null)" != "$PWD" ]; then
    make_venv
    printf '%s' "$PWD" >.venv/made-in
fi

project=.
[ "$kind" = dev ] && project='.[dev]'
say "installing the project into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable "$project" >&2 ||
    fail "pip could not install the project; its message stands above"
printf '%s' "$wanted $PWD" >"$stamp"
