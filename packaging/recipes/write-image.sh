#!/bin/sh
# write-image.sh DISK COMMAND...: runs COMMAND, which writes an image to DISK, only behind the proof that all is blank.
#
# For example: write-image.sh /dev/nvme0n1 dd if=image of=/dev/nvme0n1 bs=4M conv=fsync
# Ends with what COMMAND ends with; before that with 20, 21 or 22 of inspect, and nothing was written.
# NAMESAKE_AGENT is the program, NAMESAKE_ARGUMENTS what is added to the inspection (--boot-medium /dev/sdb; blanks separate).
set -u
agent=${NAMESAKE_AGENT:-/usr/bin/namesake-agent}
[ $# -ge 2 ] || { echo "usage: $0 DISK COMMAND..." >&2; exit 64; }
disk=$1
shift
folder=$(mktemp -d) || exit 73
trap 'rm -rf "$folder"' EXIT INT TERM
# shellcheck disable=SC2086 # several words are meant
"$agent" inspect --evidence "$folder/evidence.json" --token "$folder/leave.json" ${NAMESAKE_ARGUMENTS:-} || exit
"$agent" inspect --verify-token "$folder/leave.json" "$disk" || exit
"$@"
