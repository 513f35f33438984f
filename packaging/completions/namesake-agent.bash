# Completion of namesake-agent for bash.
_namesake_agent() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local reaching='--pin --authorities --on-die-roots --enrolment'
    local looking='--device --name --name-rules --device-timeout --configuration --json --help'
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'check status sync enroll expect doctor capture local inspect version --help' -- "$word")
        return
    fi
    case $before in
        --device | --configuration | --enrolment | --authorities | --on-die-roots | --output | --boot-medium | --inventory | --evidence | --token | --verify-token)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return ;;
        --state-directory)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return ;;
        --name-rules)
            mapfile -t COMPREPLY < <(compgen -W 'static kernel resolver realm dhcp' -- "$word")
            return ;;
        --accept)
            mapfile -t COMPREPLY < <(compgen -W 'lock native-size boot-entries wear' -- "$word")
            return ;;
        --name | --device-timeout | --timeout | --pin | --most-written) return ;;
    esac
    local options
    case $command in
        check) options="--explain $looking" ;;
        status) options="--explain --no-dns --no-local $looking" ;;
        sync) options="--dry-run --resume --start-configuration --enrolment --timeout --state-directory $looking" ;;
        enroll) options='--enrolment --offline --timeout --json --help' ;;
        expect) options="--enrolment --timeout $looking" ;;
        doctor) options="--enrolment --timeout --state-directory $looking" ;;
        capture) options="--output --host-interface-only $reaching $looking" ;;
        local) options="$reaching $looking" ;;
        inspect) options='--quick --boot-medium --accept --inventory --refuse-known --most-written --evidence --token --verify-token --override
                --reason --report --enrolment --device --json --help' ;;
        version) options='--json --help' ;;
        *) return ;;
    esac
    if { [ "$command" = enroll ] || [ "$command" = inspect ]; } && [[ $word != -* ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}
complete -F _namesake_agent namesake-agent
