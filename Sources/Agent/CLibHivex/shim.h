#pragma once
#include <fcntl.h>
#include <hivex.h>
#include <linux/memfd.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif

/// A file in memory that can be sealed; -1 and errno on failure. Swift does not see glibc's declaration.
static inline int chivex_memory_file(void) {
    return (int)syscall(SYS_memfd_create, "hive", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/// Forbids every further change (shrink 2, grow 4, write 8, and of the seals 1); fcntl is variadic.
static inline int chivex_seal(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, 1 | 2 | 4 | 8); }
