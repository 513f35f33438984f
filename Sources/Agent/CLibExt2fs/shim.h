#pragma once
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A window on an open file as libext2fs wants it: its own managers open a file by name, which a confined process cannot.
// What would write is not there.

struct cext_window {
    struct struct_io_channel channel;
    struct struct_io_manager manager;
    int descriptor;
    uint64_t start, length;
};

static errcode_t cext_read64(io_channel channel, unsigned long long block, int count, void *data) {
    struct cext_window *window = (struct cext_window *)channel->private_data;
    uint64_t place, size = count < 0 ? (uint64_t)-(int64_t)count : (uint64_t)count * (uint64_t)channel->block_size;
    if (__builtin_mul_overflow(block, (uint64_t)channel->block_size, &place) || place > window->length ||
        size > window->length - place)
        return EXT2_ET_SHORT_READ;
    uint64_t done = 0;
    while (done < size) {
        ssize_t got = pread(window->descriptor, (char *)data + done, size - done,
                            (off_t)(window->start + place + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 ? errno : EXT2_ET_SHORT_READ;
        done += (uint64_t)got;
    }
    return 0;
}

static errcode_t cext_read(io_channel channel, unsigned long block, int count, void *data) {
    return cext_read64(channel, block, count, data);
}

static errcode_t cext_set_block(io_channel channel, int size) {
    channel->block_size = size;
    return 0;
}

static errcode_t cext_flush(io_channel channel) {
    (void)channel;
    return 0;
}

static errcode_t cext_close(io_channel channel) {
    if (--channel->refcount > 0) return 0;
    free(channel->name);
    free(channel->private_data);
    return 0;
}

// The name is the address of a window: ext2fs_open2 hands its manager nothing else.
static errcode_t cext_open(const char *name, int flags, io_channel *channel) {
    if ((flags & IO_FLAG_RW) != 0) return EXT2_ET_RO_FILSYS;
    struct cext_window *window = (struct cext_window *)calloc(1, sizeof *window);
    if (window == NULL) return EXT2_ET_NO_MEMORY;
    *window = *(const struct cext_window *)(uintptr_t)strtoull(name, NULL, 16);
    window->channel.magic = EXT2_ET_MAGIC_IO_CHANNEL;
    window->channel.manager = &window->manager;
    window->channel.name = strdup(name);
    window->channel.block_size = 1024;
    window->channel.refcount = 1;
    window->channel.private_data = window;
    *channel = &window->channel;
    return 0;
}

/// Opens an ext volume in a part of an open file, for reading; 0, or what went wrong. To be freed by ext2fs_close_free.
static inline long cext_volume(int descriptor, uint64_t start, uint64_t length, ext2_filsys *volume) {
    struct cext_window window;
    memset(&window, 0, sizeof window);
    window.descriptor = descriptor;
    window.start = start;
    window.length = length;
    window.manager.magic = EXT2_ET_MAGIC_IO_MANAGER;
    window.manager.name = "window";
    window.manager.open = cext_open;
    window.manager.close = cext_close;
    window.manager.set_blksize = cext_set_block;
    window.manager.read_blk = cext_read;
    window.manager.read_blk64 = cext_read64;
    window.manager.flush = cext_flush;
    char name[24];
    snprintf(name, sizeof name, "%llx", (unsigned long long)(uintptr_t)&window);
    return ext2fs_open2(
        name, NULL, EXT2_FLAG_64BITS | EXT2_FLAG_SOFTSUPP_FEATURES, 0, 0, &window.manager, volume);
}

/// The inode at a path, links followed: 1 with it, 0 where there is none, -1 where that cannot be told.
static inline int cext_find(ext2_filsys volume, const char *path, uint32_t *inode) {
    ext2_ino_t found = 0;
    errcode_t outcome = ext2fs_namei_follow(volume, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &found);
    *inode = found;
    return outcome == 0 ? 1 : outcome == EXT2_ET_FILE_NOT_FOUND || outcome == EXT2_ET_NO_DIRECTORY ? 0 : -1;
}

/// The kind of an inode, as in st_mode, or 0 where it cannot be read.
static inline uint32_t cext_mode(ext2_filsys volume, uint32_t number) {
    struct ext2_inode inode;
    return ext2fs_read_inode(volume, number, &inode) == 0 ? inode.i_mode : 0;
}

struct cext_list {
    char *bytes;
    size_t count, limit;
    int failed;
};

static int cext_entry(struct ext2_dir_entry *entry, int offset, int block_size, char *buffer, void *context) {
    (void)offset, (void)block_size, (void)buffer;
    struct cext_list *list = (struct cext_list *)context;
    size_t length = (size_t)ext2fs_dirent_name_len(entry);
    if (length + 1 > list->limit - list->count) {
        list->failed = 1;
        return DIRENT_ABORT;
    }
    memcpy(list->bytes + list->count, entry->name, length);
    list->count += length;
    list->bytes[list->count++] = 0;
    return 0;
}

/// The names in a folder, each ended by 0; how many bytes, or -1 where not all could be read into so many.
static inline int64_t cext_names(ext2_filsys volume, uint32_t folder, char *bytes, size_t limit) {
    struct cext_list list = {bytes, 0, limit, 0};
    errcode_t outcome = ext2fs_dir_iterate(volume, folder, 0, NULL, cext_entry, &list);
    return outcome == 0 && !list.failed ? (int64_t)list.count : -1;
}

/// Reads a file from a place on; how many bytes, or -1.
static inline int64_t cext_content(ext2_filsys volume, uint32_t number, uint64_t place, void *bytes, uint32_t limit) {
    ext2_file_t file = NULL;
    if (ext2fs_file_open(volume, number, 0, &file) != 0) return -1;
    uint32_t done = 0;
    errcode_t outcome = ext2fs_file_llseek(file, place, EXT2_SEEK_SET, NULL);
    while (outcome == 0 && done < limit) {
        unsigned int got = 0;
        outcome = ext2fs_file_read(file, (char *)bytes + done, limit - done, &got);
        if (got == 0) break;
        done += got;
    }
    ext2fs_file_close(file);
    return outcome == 0 ? (int64_t)done : -1;
}

/// The size of a file in bytes, or -1.
static inline int64_t cext_size(ext2_filsys volume, uint32_t number) {
    struct ext2_inode inode;
    return ext2fs_read_inode(volume, number, &inode) == 0 ? (int64_t)EXT2_I_SIZE(&inode) : -1;
}

/// The superblock, 1024 bytes as on the disk.
static inline const void *cext_superblock(ext2_filsys volume) { return volume->super; }
