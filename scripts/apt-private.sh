# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# To be sourced. An apt of our own: it reads the machine's own list of package sources, looks at them in another
# way (source packages, another architecture) and keeps what it learns in a private folder. The machine's
# state of apt and dpkg stays as it is, and no server is named here.

# apt_sources TYPE SUITES: this machine's package sources as TYPE (deb or deb-src), in the form that the
# machine uses: DIR/parts. SUITES: "all", or "release" to leave out updates, security and backports.
apt_sources() {
    mkdir -p "$apt_dir/parts"
    rm -f "$apt_dir/parts"/*
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        # deb [options] uri suite component...
        sed -E -n "s/^[[:space:]]*deb[[:space:]]+/$1 /p" "$file" |
            sed -E 's/arch(itectures)?[+-]?=[^] ]*//; s/\[[[:space:]]*\]//' |
            if [ "$2" = release ]; then sed -E '/^[^ ]+ +(\[[^]]*\] *)?[a-z+]+:[^ ]* +[^ ]*[-\/]/d'; else cat; fi \
            >"$apt_dir/parts/$(basename "$file" .list).list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        # Paragraphs of fields; one with "Enabled: no" is off. A comment may stand inside a paragraph.
        sed -E '/^#/d; s/^[[:space:]]+$//' "$file" | awk -v RS= -v ORS='\n\n' -v type="$1" -v suites="$2" '
            tolower($0) ~ /(^|\n)enabled: *(no|false|0)/ { next }
            $0 !~ /(^|\n)[Tt]ypes:[^\n]*deb( |\n|$)/ { next }
            {
                n = split($0, line, "\n"); out = ""; left = 1
                for (i = 1; i <= n; i++) {
                    field = tolower(line[i]); sub(/:.*/, "", field)
                    if (field == "architectures") continue
                    if (field == "types") line[i] = "Types: " type
                    if (field == "suites" && suites == "release") {
                        m = split(substr(line[i], index(line[i], ":") + 1), suite, " "); left = 0
                        line[i] = "Suites:"
                        for (j = 1; j <= m; j++)
                            if (suite[j] !~ /[-\/]/) { line[i] = line[i] " " suite[j]; left++ }
                    }
                    out = out (i > 1 ? "\n" : "") line[i]
                }
                if (left) print out
            }' >"$apt_dir/parts/$(basename "$file")"
    done
}

# apt_open DIR TYPE SUITES [ARCHITECTURE,...]: begins a private apt in DIR. A source that cannot be read this
# way (others than Debian's often have no source packages) is no error yet: the next command tells.
apt_open() {
    apt_dir=$1
    apt_architectures=${4-}
    rm -rf "$apt_dir"
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
    : >"$apt_dir/status"
    apt_sources "$2" "$3"
    apt_run update || echo "Some package sources could not be read; going on with the others." >&2
}

# apt_run COMMAND...: apt-get with the private folder.
apt_run() {
    apt-get -qq -y \
        -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt_dir/parts" \
        -o Dir::State="$apt_dir" -o Dir::State::status="$apt_dir/status" -o Dir::Cache="$apt_dir/cache" \
        -o APT::Update::Post-Invoke-Success::= -o APT::Update::Post-Invoke::= \
        -o APT::Install-Recommends=false -o APT::Sandbox::User="$(id -un)" -o Acquire::Check-Valid-Until=false \
        ${apt_architectures:+-o APT::Architectures="$apt_architectures"} \
        "$@"
}
