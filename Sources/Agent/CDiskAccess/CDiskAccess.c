#include "CDiskAccess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/nvme_ioctl.h>
#include <linux/seccomp.h>
#include <linux/sed-opal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

int cdisk_opal_status(int descriptor, uint32_t *flags) {
    struct opal_status status = {0, 0};
    if (ioctl(descriptor, IOC_OPAL_GET_STATUS, &status) != 0) return errno;
    *flags = status.flags;
    return 0;
}

int cdisk_ata_identity(int descriptor, uint8_t identity[512]) {
    return ioctl(descriptor, HDIO_GET_IDENTITY, identity) == 0 ? 0 : errno;
}

int cdisk_nvme_ask(int descriptor, int question, uint8_t answer[4096]) {
    struct nvme_admin_cmd command;
    memset(&command, 0, sizeof command);
    memset(answer, 0, 4096);
    switch (question) {
    case CDISK_NVME_HEALTH:
        command.opcode = 0x02;  // Get Log Page
        command.nsid = 0xFFFFFFFF;
        command.data_len = 512;
        command.cdw10 = 0x02 | (512 / 4 - 1) << 16;
        break;
    case CDISK_NVME_CONTROLLER:
    case CDISK_NVME_ATTACHED:
    case CDISK_NVME_ALLOCATED:
        command.opcode = 0x06;  // Identify
        command.data_len = 4096;
        command.cdw10 = question == CDISK_NVME_CONTROLLER ? 0x01 : question == CDISK_NVME_ATTACHED ? 0x02 : 0x10;
        break;
    default: return EINVAL;
    }
    command.addr = (uint64_t)(uintptr_t)answer;
    command.timeout_ms = 10000;
    int outcome = ioctl(descriptor, NVME_IOCTL_ADMIN_CMD, &command);
    return outcome < 0 ? errno : outcome > 0 ? EREMOTEIO : 0;
}

int cdisk_ata_health(int descriptor, uint8_t data[512]) {
    // The command, its feature and its count of sectors; the rest of what makes it SMART the kernel adds.
    uint8_t request[4 + 512] = {WIN_SMART, 0, SMART_READ_VALUES, 1};
    if (ioctl(descriptor, HDIO_DRIVE_CMD, request) != 0) return errno;
    memcpy(data, request + 4, 512);
    return 0;
}

#if defined(__x86_64__)
#define HOUSE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define HOUSE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the numbers of system calls of this processor are not known here"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
// Skips the next instruction unless the value is that one.
#define WHEN(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define PERMIT(call) WHEN(call), ALLOW

#define COUNT(rules) (sizeof(rules) / sizeof(rules)[0])

// Reading, memory, time, and ending.
static const struct sock_filter for_all[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HOUSE_ARCHITECTURE, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    PERMIT(__NR_read), PERMIT(__NR_pread64), PERMIT(__NR_lseek), PERMIT(__NR_fstat), PERMIT(__NR_newfstatat),
    PERMIT(__NR_close),
    PERMIT(__NR_fadvise64), PERMIT(__NR_mmap), PERMIT(__NR_munmap), PERMIT(__NR_mremap), PERMIT(__NR_mprotect),
    PERMIT(__NR_madvise), PERMIT(__NR_brk), PERMIT(__NR_futex), PERMIT(__NR_getrandom), PERMIT(__NR_clock_gettime),
    PERMIT(__NR_rt_sigaction), PERMIT(__NR_rt_sigprocmask), PERMIT(__NR_rt_sigreturn), PERMIT(__NR_gettid),
    PERMIT(__NR_getpid), PERMIT(__NR_exit), PERMIT(__NR_exit_group), PERMIT(__NR_restart_syscall),
};

// A file in memory, written, sealed and opened again for reading. The disk itself is open for reading only.
static const struct sock_filter for_files[] = {
    PERMIT(__NR_memfd_create), PERMIT(__NR_fcntl), PERMIT(__NR_write),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 4),
    LOAD(args[2]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_DIRECTORY, 0, 1),
    REFUSE,
    ALLOW,
};

static const struct sock_filter in_the_end[] = {
    // write and writev: standard output and standard error only. The high half of a descriptor says nothing.
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_writev, 0, 4),
    LOAD(args[0]),
    PERMIT(1),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 5, 4),
    // ioctl: a disk's size and the size of its sectors.
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 3),
    LOAD(args[1]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BLKSSZGET, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BLKGETSIZE64, 1, 0),
    REFUSE,
    ALLOW,
};

int cdisk_confine(uint64_t memory, uint64_t seconds, int keeps_files) {
    const struct rlimit none = {0, 0}, space = {memory, memory}, time = {seconds, seconds};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_AS, &space) != 0 || setrlimit(RLIMIT_CPU, &time) != 0 ||
        // Not even a file that is open for writing could grow.
        setrlimit(RLIMIT_FSIZE, keeps_files ? &space : &none) != 0)
        return errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno;
    struct sock_filter rules[COUNT(for_all) + COUNT(for_files) + COUNT(in_the_end)];
    size_t count = COUNT(for_all);
    memcpy(rules, for_all, sizeof for_all);
    if (keeps_files) {
        memcpy(rules + count, for_files, sizeof for_files);
        count += COUNT(for_files);
    }
    memcpy(rules + count, in_the_end, sizeof in_the_end);
    count += COUNT(in_the_end);
    const struct sock_fprog program = {(unsigned short)count, rules};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}
