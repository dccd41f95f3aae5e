#!/usr/bin/env bash
# The step `install` of action.yml: finds, downloads or builds leakgate, and outputs its absolute path. It puts nothing on the
# PATH.
#
# For every bash that runners have: 3.2 on macOS, Git Bash on Windows.
set -euo pipefail

# On Windows these hold backslashes; slashes do as well everywhere.
action=${GITHUB_ACTION_PATH//\\//}
folder=$(mktemp -d "${RUNNER_TEMP//\\//}/leakgate-install.XXXXXX")

notice() { printf 'leakgate: %s\n' "$1"; }

# refuse MESSAGE: exits with an annotation. Special characters of workflow commands are escaped.
refuse() {
    local message=${1//[%]/%25}
    message=${message//$'\r'/%0D}
    message=${message//$'\n'/%0A}
    printf '::error title=leakgate::%s\n' "$message"
    exit 2
}

# The version that this action was released with.
own_version() {
    local line
    while IFS= read -r line; do
        case $line in
            'version = "'*'"'*)
                line=${line#*\"}
                printf '%s' "${line%%\"*}"
                return
                ;;
        esac
    done <"$action/Cargo.toml"
}

# Prints the version of a binary, from its --version.
version_of() {
    local said
    said=$("$1" --version </dev/null) || return 1
    said=${said%$'\r'}
    printf '%s' "${said#leakgate }"
}

# The release target of this runner, or nothing. On Linux the static binary, which runs in every container.
target() {
    case ${RUNNER_OS:-}-${RUNNER_ARCH:-} in
        Linux-X64) printf x86_64-unknown-linux-musl ;;
        Linux-ARM64) printf aarch64-unknown-linux-musl ;;
        macOS-X64) printf x86_64-apple-darwin ;;
        macOS-ARM64) printf aarch64-apple-darwin ;;
        Windows-X64) printf x86_64-pc-windows-msvc ;;
    esac
}

# digest ASSET: its SHA-256 by the action's own list, or nothing.
digest() {
    local sha256 name
    while read -r sha256 name || [ -n "$sha256" ]; do
        if [ "${name%$'\r'}" = "$1" ]; then
            printf '%s' "$sha256"
            return
        fi
    done <"$action/action/digests.txt"
}

sha256() {
    local sum
    if command -v sha256sum >/dev/null; then
        sum=$(sha256sum <"$1")
    else
        sum=$(shasum -a 256 <"$1")
    fi
    printf '%s' "${sum%% *}"
}

# Outputs the binary, after checking that it runs and has the right version.
finish() {
    local version
    version=$(version_of "$1") || refuse "$1 was installed and does not run on this runner"
    [ "$version" = "$2" ] || refuse "$1 should be leakgate $2 and says it is $version"
    notice "using leakgate $version, $1"
    printf 'leakgate=%s\n' "$1" >>"$GITHUB_OUTPUT"
    exit 0
}

from_path() {
    found=$(command -v leakgate) || {
        why='leakgate is not on the PATH'
        return 1
    }
    case $found in
        /* | [A-Za-z]:*) ;;
        *)
            why="the PATH has $found, which is not an absolute path"
            return 1
            ;;
    esac
    local version
    version=$(version_of "$found") || {
        why="$found does not run"
        return 1
    }
    # With `install: path` and no version, any version will do.
    if [ "$install" = path ] && [ -z "$asked" ]; then
        wanted=$version
    fi
    [ "$version" = "$wanted" ] || {
        why="$found is leakgate $version, not $wanted"
        return 1
    }
    finish "$found" "$wanted"
}

from_release() {
    local target stem asset expected actual binary=leakgate
    target=$(target)
    [ -n "$target" ] || {
        why="no release is made for ${RUNNER_OS:-this system} on ${RUNNER_ARCH:-this processor}"
        return 1
    }
    stem=leakgate-v$wanted-$target
    asset=$stem.tar.gz
    case $target in
        *-windows-*)
            asset=$stem.zip
            binary=leakgate.exe
            ;;
    esac
    expected=$(digest "$asset")
    [ -n "$expected" ] || {
        why="this revision of the action holds no SHA-256 of $asset"
        return 1
    }
    [ -n "$repository" ] || {
        why="the action is used from a checkout, which has no releases"
        return 1
    }
    curl --proto '=https' --proto-redir '=https' --tlsv1.2 --fail --silent --show-error --location --retry 5 --connect-timeout 20 \
        --max-time 300 --output "$folder/$asset" "${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download/v$wanted/$asset" || {
        why="$asset cannot be downloaded"
        return 1
    }
    # Somebody may have changed the asset, so no other source is tried.
    actual=$(sha256 "$folder/$asset")
    [ "$actual" = "$expected" ] || refuse "$asset has the SHA-256 $actual, and this action expects $expected: it is not used"
    case $asset in
        *.zip) unzip -q "$folder/$asset" -d "$folder" ;;
        *) tar -xzf "$folder/$asset" -C "$folder" ;;
    esac || refuse "$asset cannot be unpacked"
    finish "$folder/$stem/$binary" "$wanted"
}

from_source() {
    local own binary=leakgate
    own=$(own_version)
    [ "$own" = "$wanted" ] || {
        why="this revision of the action is the source of leakgate $own, not $wanted"
        return 1
    }
    command -v cargo >/dev/null || {
        why='cargo is missing: install Rust 1.88 or later before this step'
        return 1
    }
    notice "building leakgate $wanted from source"
    # From a directory without a toolchain file, so that neither that of the user's repository nor the one here picks the
    # compiler: any from 1.88 on will do, and the one that is installed needs no download.
    (cd "$folder" && cargo install --locked --quiet --path "$action" --root "$folder" --target-dir "$folder/target") || {
        why='cargo could not build it: see above'
        return 1
    }
    rm -rf "$folder/target"
    [ "${RUNNER_OS:-}" != Windows ] || binary=leakgate.exe
    finish "$folder/bin/$binary" "$wanted"
}

install=$LEAKGATE_ACTION_INSTALL
repository=$LEAKGATE_ACTION_REPOSITORY
asked=${LEAKGATE_ACTION_VERSION#v}
wanted=${asked:-$(own_version)}
version='^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$'
[[ $wanted =~ $version ]] || refuse "the input version is \"$wanted\": give one such as 0.1.0"

case $install in
    auto) ways='path release source' ;;
    path | release | source) ways=$install ;;
    *) refuse "the input install is \"$install\": give auto, path, release or source" ;;
esac
tried=
for way in $ways; do
    case $way in
        path) from_path ;;
        release) from_release ;;
        source) from_source ;;
    esac || notice "not by $way: $why"
    tried="$tried$way: $why; "
done
refuse "leakgate $wanted cannot be had (${tried%; })"
