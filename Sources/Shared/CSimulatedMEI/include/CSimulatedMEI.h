#pragma once
#include <linux/fuse.h>

// Mounts through fusermount3, as an ordinary user does: gives the descriptor of the FUSE connection, or -errno.
int simulated_mei_mount_by_helper(const char *directory, const char *options);

// Takes the mount away by the same helper, lazily; 0, or -errno.
int simulated_mei_unmount_by_helper(const char *directory);

// accept4 with close-on-exec, which Swift does not see: a program started meanwhile must not keep a connection open.
int simulated_mei_accept(int listener);
