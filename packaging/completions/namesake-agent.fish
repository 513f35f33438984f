# Completion of namesake-agent for fish.
set -l commands check status sync enroll expect doctor capture local inspect version
set -l looking check status sync expect doctor capture local
set -l server sync enroll expect doctor
complete -c namesake-agent -f
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a check -d 'Compare the names'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a status -d 'Show names, state and versions'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a sync -d 'Have the server make the names match'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a enroll -d 'Tie this machine to its server'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a expect -d 'Ask early whether a name is allowed'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'Look at everything that sync needs'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a capture -d 'Record what the firmware answers'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a local -d "What only the firmware's WS-Man tells"
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a inspect -d 'Prove that the disks are blank'
complete -c namesake-agent -n "not __fish_seen_subcommand_from $commands" -a version -d 'Print the version'
complete -c namesake-agent -n "__fish_seen_subcommand_from $looking" -l device -rF -d 'The MEI device'
complete -c namesake-agent -n "__fish_seen_subcommand_from $looking" -l name -x -d "The operating system's name"
complete -c namesake-agent -n "__fish_seen_subcommand_from $looking" -l name-rules -xa 'static kernel resolver realm dhcp'
complete -c namesake-agent -n "__fish_seen_subcommand_from $looking" -l device-timeout -x -d 'Seconds for one answer'
complete -c namesake-agent -n "__fish_seen_subcommand_from $looking" -l configuration -rF -d 'The settings'
complete -c namesake-agent -n "__fish_seen_subcommand_from $commands" -l json -d 'Print JSON'
complete -c namesake-agent -n "__fish_seen_subcommand_from $commands" -l help -d 'Show help'
complete -c namesake-agent -n "__fish_seen_subcommand_from $server" -l enrolment -rF -d 'The enrolment file'
complete -c namesake-agent -n "__fish_seen_subcommand_from $server" -l timeout -x -d 'Seconds'
complete -c namesake-agent -n '__fish_seen_subcommand_from check status' -l explain -d 'Say why names differ'
complete -c namesake-agent -n '__fish_seen_subcommand_from status' -l no-dns -d 'Do not ask DNS'
complete -c namesake-agent -n '__fish_seen_subcommand_from status' -l no-local -d "Do not ask the firmware's own WS-Man"
complete -c namesake-agent -n '__fish_seen_subcommand_from sync' -l dry-run -d 'Say what would be asked'
complete -c namesake-agent -n '__fish_seen_subcommand_from sync' -l resume -d 'Go on with an unfinished request'
complete -c namesake-agent -n '__fish_seen_subcommand_from sync' -l start-configuration -d 'Let the firmware ask for its set-up'
complete -c namesake-agent -n '__fish_seen_subcommand_from sync doctor' -l state-directory -xa '(__fish_complete_directories)'
complete -c namesake-agent -n '__fish_seen_subcommand_from enroll' -l offline -d 'Do not ask the server'
complete -c namesake-agent -n '__fish_seen_subcommand_from enroll' -F
complete -c namesake-agent -n '__fish_seen_subcommand_from capture' -l output -rF -d 'A new file'
complete -c namesake-agent -n '__fish_seen_subcommand_from capture' -l host-interface-only -d "Leave the firmware's own WS-Man alone"
complete -c namesake-agent -n '__fish_seen_subcommand_from capture local' -l pin -x -d 'The SHA-256 of the key of the local TLS'
complete -c namesake-agent -n '__fish_seen_subcommand_from capture local' -l authorities -rF -d "Authorities of the firmware's certificate"
complete -c namesake-agent -n '__fish_seen_subcommand_from capture local' -l on-die-roots -rF -d 'Roots of on-die certificates'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l quick -d 'Samples instead of every byte'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l boot-medium -rF -d 'The disk this system came from'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l accept -xa 'lock native-size boot-entries wear'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l inventory -rF -d 'A list of machines'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l refuse-known -d 'One on that list is not built'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l most-written -x -d 'TB that a drive may have written'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l evidence -rF -d 'A new file'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l token -rF -d 'A new file'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l verify-token -rF -d 'Whether it still holds'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l override -x -d 'The serial of a disk to be written over all the same'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l reason -x -d 'Why'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l report -d 'Tell the server'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect capture local' -l enrolment -rF -d 'The enrolment file'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -l device -rF -d 'The device'
complete -c namesake-agent -n '__fish_seen_subcommand_from inspect' -F
