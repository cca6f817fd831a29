# What the scripts in this folder share. Sourced, not run.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROJECT=$(cd "$HERE/../.." && pwd)

# Kept between runs and checkouts: Pythons for Windows, Wine's folder, downloads.
CACHE=${ISAPI_SHIM_WINDOWS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/isapi-shim/windows}

# The Pythons that the tests run with. Others work too, where panda3d has a wheel for them.
TEST_PYTHONS="3.11 3.13"
# The Pythons that a release has cores for.
RELEASE_PYTHONS="3.9 3.10 3.11 3.12 3.13"

X64=x86_64-pc-windows-gnu
X86=i686-pc-windows-gnu

export WINEPREFIX=$CACHE/wine
# Wine's own messages would end up in what the tests read.
export WINEDEBUG=${WINEDEBUG:--all}
# No dialogues about Mono and Gecko, and no menu entries: nobody is there to answer.
export WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe="

die() {
    echo "windows: $*" >&2
    exit 3
}

# Debian's wine64 is not on the PATH by itself.
find_wine() {
    local candidate
    for candidate in "$(command -v wine64 || true)" /usr/lib/wine/wine64 "$(command -v wine || true)"; do
        if [ -n "$candidate" ] && [ -x "$candidate" ]; then
            echo "$candidate"
            return
        fi
    done
    die "there is no wine64. Run isapi-dll/windows/setup, or install Debian's package wine64."
}

# The folder of the Windows Python of that version.
windows_python() {
    echo "$CACHE/python-$1"
}

# Wine's server ends with its last program, and a program that starts just then fails. So a new one
# is started, which stays for a while; one that runs already cannot be told to.
keep_wineserver() {
    local candidate
    for candidate in "$(command -v wineserver || true)" /usr/lib/wine/wineserver; do
        if [ -n "$candidate" ] && [ -x "$candidate" ]; then
            "$candidate" -k 2> /dev/null || true # there was none
            "$candidate" -w
            "$candidate" -p300
            # Its services start with the first program and keep what that one has open: not a pipe
            # whose end somebody waits for.
            "$(find_wine)" wineboot < /dev/null > /dev/null 2>&1
            return
        fi
    done
}
