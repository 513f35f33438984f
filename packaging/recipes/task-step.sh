#!/bin/sh
# The last step of a build: makes the firmware's name the machine's, and tells the task sequence how that went.
#
# Ends with 0 when the build may go on, 75 when this step should be run again later, 1 when a person has to look.
# NAMESAKE_AGENT is the program, NAMESAKE_ARGUMENTS what is added to every call (blanks separate).
set -u
agent=${NAMESAKE_AGENT:-/usr/bin/namesake-agent}
say() { echo "namesake: $*" >&2; }

# shellcheck disable=SC2086 # several words are meant
"$agent" sync ${NAMESAKE_ARGUMENTS:-}
status=$?
case $status in
    0) say 'the names match' ;;
    12) say 'no AMT here: nothing to name'; exit 0 ;;
    11) say 'the firmware is not provisioned: its server does that at its hello'; exit 0 ;;
    33 | 69) say 'the server could not be reached; the request is kept and resumed after the next start'; exit 75 ;;
    13) say 'the firmware cannot be read now'; exit 75 ;;
    30 | 31 | 32) say 'a person has to look at the server'; exit 1 ;;
    129 | 130 | 143) say 'ended by a signal; the request is kept'; exit 75 ;;
    *) say "unexpected status $status"; exit 1 ;;
esac
