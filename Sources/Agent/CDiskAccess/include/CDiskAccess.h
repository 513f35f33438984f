#pragma once
#include <stdint.h>

/// Asks an open drive for its self-encryption's state (ioctl IOC_OPAL_GET_STATUS, `linux/sed-opal.h`).
///
/// - Returns: 0 with the flags written, or the errno.
int cdisk_opal_status(int descriptor, uint32_t *flags);

/// Asks an open drive for its ATA identity (ioctl HDIO_GET_IDENTITY, `linux/hdreg.h`).
///
/// - Returns: 0 with 512 bytes written, or the errno.
int cdisk_ata_identity(int descriptor, uint8_t identity[512]);

/// Confines this process for good, so that it can read what it has open and answer, and nothing else.
///
/// No new privileges, no core files, no trace by others, no more than so much memory (bytes) and processor time (seconds),
/// and a filter on system calls: reading, memory, time, writing to standard output and standard error, ending. All others
/// fail with EPERM, those that write to a disk among them. One that keeps files may also make files in memory, write to what
/// it has open, and open for reading; the disk it has open for reading only.
///
/// - Returns: 0, or the errno of the step that failed; then nothing may be read.
int cdisk_confine(uint64_t memory, uint64_t seconds, int keeps_files);
