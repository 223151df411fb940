#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# conformance.sh [SECTION]: prints the rules of each section of docs/conformance.md, or of one, with their tests; a
#   test's name is its rule.
# conformance.sh --list: one line per test: section, program, test, separated by tabs.
# conformance.sh --check: fails unless every test of tests/behaviour is registered under a section of that document,
#   every section has a test or says where it is proved, and every test that docs/ name exists.
set -eu

cd "$(dirname "$0")/.."

# Section, program and function of everything that is registered as rule(...), or by a macro that passes on to it.
list() {
    awk '
        FNR == 1 { finish(); n = split(FILENAME, path, "/"); program = path[n]; sub(/\.c$/, "", program) }
        !/^#/ { text = text " " $0 }
        END { finish() }
        function finish(   entry) {
            while (match(text, /(rule|rule_with|[A-Z]+)\( *"(protocol )?[1-9](\.[1-9])?", *[a-z][A-Za-z0-9_]+/)) {
                entry = substr(text, RSTART, RLENGTH)
                text = substr(text, RSTART + RLENGTH)
                sub(/^[^"]*"/, "", entry)
                sub(/", */, "\t" program "\t", entry)
                print entry
            }
            text = ""
        }' tests/behaviour/*.c
}

# Number, title and other place of proof of each section of the document.
sections() {
    awk -F ' *[|] *' -v OFS='\t' '$2 ~ /^(protocol )?[1-9](\.[1-9])?$/ { print $2, $3, $5 }' docs/conformance.md
}

show() {
    { sections | sed 's/^/S\t/' && list | sed 's/^/T\t/'; } | awk -F '\t' -v only="${1-}" '
        $1 == "S" { order[++n] = $2; title[$2] = $3; next }
        { rules[$2] = rules[$2] "  " $3 ": " $4 "\n" }
        END {
            for (i = 1; i <= n; i++)
                if ((only == "" || order[i] == only) && rules[order[i]] != "")
                    printf "%s  %s\n%s\n", order[i], title[order[i]], rules[order[i]]
        }'
}

# What CMocka can call in a file.
functions() {
    sed -n 's|^static void \([A-Za-z0-9_]*\)(void \*\*state).*|\1|p' "$1"
}

# Tests that the documents name, outside of code: "program: test, test".
references() {
    for document in docs/*.md README.md; do
        # shellcheck disable=SC2016 # the marks of code, not of a command
        sed '/^```/,/^```/s/.*//; s/`[^`]*`//g; s/`.*//; s/^[^`]*`//' "$document" | awk -v document="$document" '
            {
                n = split($0, word, /[^A-Za-z0-9_:]+/)
                program = ""
                for (i = 1; i <= n; i++) {
                    if (word[i] ~ /^[a-z0-9_]+:$/)
                        program = substr(word[i], 1, length(word[i]) - 1)
                    else if (word[i] ~ /^[a-z].*_.*_/)
                        print program "\t" word[i] "\t" document ":" NR
                }
            }'
    done
}

check() {
    {
        sections | sed 's/^/section\t/'
        list | sed 's/^/listed\t/'
        for file in tests/*/*.c; do
            program=$(basename "$file" .c)
            folder=$(basename "$(dirname "$file")")
            functions "$file" | sed "s|^|function\t$folder\t$program\t|"
        done
        references | sed 's/^/reference\t/'
    } | awk -F '\t' '
        function wrong(text) { print "conformance.sh: " text; bad = 1 }
        $1 == "section" { known[$2] = 1; elsewhere[$2] = $4 }
        $1 == "listed" {
            tested[$2] = 1
            has_section[$3, $4] = 1
            if (!($2 in known))
                wrong($3 ": " $4 ": docs/conformance.md has no section " $2)
        }
        $1 == "function" {
            exists[$3, $4] = exists[$2 "_" $3, $4] = 1
            if ($2 == "behaviour" && !(($3, $4) in has_section))
                wrong($3 ": " $4 " has no section")
        }
        $1 == "reference" && !(($2, $3) in exists) { wrong($4 ": there is no test " $2 ": " $3) }
        END {
            for (section in known)
                if (!(section in tested) && elsewhere[section] == "")
                    wrong("no test for section " section)
            exit bad
        }'
}

case ${1-} in
--list) list ;;
--check) check ;;
*) show "${1-}" ;;
esac
