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

/// What may be asked of an NVMe drive: commands of its administration that only read, and no others.
enum cdisk_nvme_question {
    /// Get Log Page of SMART and health: 512 bytes (NVM Express Base Specification 2.0, figure 207).
    CDISK_NVME_HEALTH = 1,
    /// Identify of the controller: 4096 bytes (figure 276).
    CDISK_NVME_CONTROLLER = 2,
    /// Identify of the namespaces that are attached: 1024 numbers of 32 bits, the rest 0 (section 5.17.2.2).
    CDISK_NVME_ATTACHED = 3,
    /// The same of those that are allocated, attached or not (section 5.17.2.16).
    CDISK_NVME_ALLOCATED = 4,
};

/// Asks an open NVMe drive (ioctl NVME_IOCTL_ADMIN_CMD, `linux/nvme_ioctl.h`).
///
/// - Returns: 0 with the answer written and zeros behind it, the errno, or EREMOTEIO where the drive refused; EINVAL for any
///   other question, of which the drive hears nothing.
int cdisk_nvme_ask(int descriptor, int question, uint8_t answer[4096]);

/// Asks an open ATA drive for its SMART data (ioctl HDIO_DRIVE_CMD, `linux/hdreg.h`: SMART READ DATA, which only reads).
///
/// - Returns: 0 with 512 bytes written, or the errno.
int cdisk_ata_health(int descriptor, uint8_t data[512]);

/// Confines this process for good, so that it can read what it has open and answer, and nothing else.
///
/// No new privileges, no core files, no trace by others, no more than so much memory (bytes) and processor time (seconds),
/// and a filter on system calls: reading, memory, time, writing to standard output and standard error, ending. All others
/// fail with EPERM, those that write to a disk among them. One that keeps files may also make files in memory, write to what
/// it has open, and open for reading; the disk it has open for reading only.
///
/// - Returns: 0, or the errno of the step that failed; then nothing may be read.
int cdisk_confine(uint64_t memory, uint64_t seconds, int keeps_files);
