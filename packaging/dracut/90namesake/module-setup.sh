#!/bin/bash
# Brings namesake-agent, its helpers and their libraries into a dracut image.
# Not there by itself: dracut --add namesake.

check() {
    require_binaries /usr/bin/namesake-agent || return 1
    return 255
}

depends() {
    return 0
}

installkernel() {
    # The management engine, the usual disks and their file systems.
    hostonly='' instmods mei mei_me nvme ahci sd_mod ntfs3 ext4 vfat
}

install() {
    inst_binary /usr/bin/namesake-agent
    local helper
    for helper in /usr/libexec/namesake/*; do
        [ -x "$helper" ] && inst_binary "$helper"
    done
    # The resolver's modules are opened by name, so that no ldd finds them.
    inst_libdir_file 'libnss_files.so*' 'libnss_dns.so*' 'libresolv.so*'
    inst_simple /etc/nsswitch.conf
    [ -e /etc/namesake/agent.json ] && inst_simple /etc/namesake/agent.json
    # The enrolment file stays out: an image is readable for more people than root. Bring it at run time.
    return 0
}
