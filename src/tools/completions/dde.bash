# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# Completion of dde for bash. Services and topics are those that answer within half a second.

# The word under the cursor, as it is typed and as it is meant: bash itself takes | and ! and blanks for ends of words.
_dde_typed() {
    local line=${COMP_LINE:0:COMP_POINT} quote='' c
    local -i i

    typed='' meant=''
    for ((i = 0; i < ${#line}; i++)); do
        c=${line:i:1}
        if [[ -z $quote && $c == ' ' ]]; then
            typed='' meant=''
            continue
        fi
        typed+=$c
        if [[ -z $quote && $c == [\'\"] ]]; then
            quote=$c
        elif [[ $c == "$quote" ]]; then
            quote=''
        elif [[ -z $quote && $c == \\ ]]; then
            i+=1
            typed+=${line:i:1}
            meant+=${line:i:1}
        else
            meant+=$c
        fi
    done
}

# The targets that answer, for the part of the word that bash will replace.
_dde_targets() {
    local word=$1 typed meant target written
    _dde_typed
    while IFS= read -r target; do
        [[ $target == "$meant"* ]] || continue
        if [[ $typed == [\'\"]* ]]; then
            COMPREPLY+=("$target")
        else
            printf -v written '%q' "$target"
            COMPREPLY+=("${written#"${typed%"$word"}"}")
        fi
    done < <(dde services --timeout 500ms ${2:+"$2"} 2>/dev/null)
}

_dde() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local common='--service --topic --timeout --json --help'
    local value='--item --format --hex --text --raw --wait'
    local options

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'services request poke execute advise fetch serve monitor ledger help
            --help --version' -- "$word")
        return
    fi
    case $before in
    --format | -f)
        mapfile -t COMPREPLY < <(compgen -W 'CF_TEXT CF_BITMAP CF_METAFILEPICT CF_SYLK CF_DIF CF_TIFF CF_OEMTEXT CF_DIB
            CF_PALETTE CF_PENDATA CF_RIFF CF_WAVE CF_UNICODETEXT CF_ENHMETAFILE CF_HDROP CF_LOCALE CF_DIBV5' -- "$word")
        return
        ;;
    --only | -o)
        mapfile -t COMPREPLY < <(compgen -W 'strings sends posts callbacks errors links conversations' -- "$word")
        return
        ;;
    --file | -F)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --run | --on-execute)
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
        return
        ;;
    --service | -s | --topic | -t | --item | -i | --timeout | -T | --quit | --count | -n | --for | --every)
        return
        ;;
    esac
    case ${COMP_WORDS[1]} in
    services) options="$common --items" ;;
    request) options="$common $value" ;;
    poke) options="$common $value --file" ;;
    execute) options="$common --wait" ;;
    advise) options="$common $value --count --for --ack --warm" ;;
    fetch) options="$common $value --count --for --ack --follow" ;;
    serve)
        options="$common --format --hex --text --file --for --run --every --on-execute --quit --read-only --until-eof --ready
            --trace"
        ;;
    monitor) options="$common --item --count --for --only --full --ready" ;;
    ledger) options='--timeout --json --instances --help' ;;
    help)
        mapfile -t COMPREPLY < <(compgen -W 'services request poke execute advise fetch serve monitor ledger' -- "$word")
        return
        ;;
    *) return ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        return
    fi
    case ${COMP_WORDS[1]} in
    request | poke | advise | fetch) _dde_targets "$word" --items ;;
    execute | services | monitor) _dde_targets "$word" '' ;;
    esac
}

complete -F _dde dde
