# Sets Netwright up beside its sources: Debian packages where they are missing and may be installed, then .venv.
# Sourced by start.sh and test.sh with: setup PACKAGE_LIST EXTRA

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1

stop() { echo "netwright: $*" >&2; exit 1; }

missing_packages() { # missing_packages LIST: the packages of a list in resources/debian/ that are not installed
    while read -r package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok' || echo "$package"
    done <"$root/resources/debian/$1.txt"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

system_packages() { # installs what a list misses, or says what to install
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
    missing=$(missing_packages "$1" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    echo "netwright: installing Debian packages: $missing" >&2
    # shellcheck disable=SC2086 # the list is to be split
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing; } >"${TMPDIR:-/tmp}/netwright-apt.log" 2>&1 && return 0
    echo "netwright: could not install them; please run: sudo apt-get install $missing" >&2
}

find_python() {
    for python in python3.14 python3.13 python3.12 python3.11 python3; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$python"; return; }
    done
    stop 'needs Python 3.11 or newer; none was found (Debian and Ubuntu: sudo apt-get install python3).'
}

make_venv() {
    [ -x "$venv/bin/pip" ] && return
    python=$(find_python) || exit 1
    rm -rf "$venv"
    "$python" -m venv "$venv" >"${TMPDIR:-/tmp}/netwright-venv.log" 2>&1 && return
    rm -rf "$venv"
    as_root apt-get install -y -qq python3-venv >/dev/null 2>&1 && "$python" -m venv "$venv" && return
    rm -rf "$venv"
    stop "could not make a virtual environment in $venv; on Debian and Ubuntu run: sudo apt-get install python3-venv"
}

install() { # install EXTRA: only when pyproject.toml has changed since the last time
    stamp=$venv/netwright-$1.stamp
    cmp -s "$root/pyproject.toml" "$stamp" && return
    echo 'netwright: installing Python packages into .venv (once; a few minutes)' >&2
    "$venv/bin/python" -m pip install --quiet --editable "$root$1" || stop 'the Python packages could not be installed; see above.'
    cp "$root/pyproject.toml" "$stamp"
}

setup() { system_packages "$1"; make_venv; install "$2"; }
