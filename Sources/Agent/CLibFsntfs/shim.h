#pragma once
#include <errno.h>
#include <libbfio.h>
#include <stdlib.h>
#include <unistd.h>
// The part of libfsntfs that takes a handle of libbfio's is declared only for those who have libbfio.
#define LIBFSNTFS_HAVE_BFIO 1
#include <libfsntfs.h>

// A window on an open file as libbfio wants it. Its own handles open a file by name, which a confined process cannot.

struct cfsntfs_window {
    int descriptor;
    off64_t start, length, place;
};

static int cfsntfs_free(intptr_t **window, libbfio_error_t **error) {
    (void)error;
    free(*window);
    *window = NULL;
    return 1;
}

static int cfsntfs_yes(intptr_t *window, libbfio_error_t **error) {
    (void)window, (void)error;
    return 1;
}

static int cfsntfs_no_clone(intptr_t **copy, intptr_t *window, libbfio_error_t **error) {
    (void)copy, (void)window, (void)error;
    return -1;
}

static ssize_t cfsntfs_no_write(intptr_t *window, const uint8_t *buffer, size_t size, libbfio_error_t **error) {
    (void)window, (void)buffer, (void)size, (void)error;
    return -1;
}

static int cfsntfs_open(intptr_t *window, int flags, libbfio_error_t **error) {
    (void)window, (void)error;
    return flags == LIBBFIO_OPEN_READ ? 1 : -1;
}

// Closing is for whoever opened the descriptor.
static int cfsntfs_close(intptr_t *window, libbfio_error_t **error) {
    (void)window, (void)error;
    return 0;
}

static ssize_t cfsntfs_read(intptr_t *handle, uint8_t *buffer, size_t size, libbfio_error_t **error) {
    (void)error;
    struct cfsntfs_window *window = (struct cfsntfs_window *)handle;
    off64_t left = window->length - window->place;
    if (left <= 0) return 0;
    if ((off64_t)size > left) size = (size_t)left;
    ssize_t count;
    do count = pread(window->descriptor, buffer, size, window->start + window->place);
    while (count < 0 && errno == EINTR);
    if (count > 0) window->place += count;
    return count;
}

static off64_t cfsntfs_seek(intptr_t *handle, off64_t offset, int whence, libbfio_error_t **error) {
    (void)error;
    struct cfsntfs_window *window = (struct cfsntfs_window *)handle;
    off64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? window->place : window->length;
    if (__builtin_add_overflow(base, offset, &base) || base < 0) return -1;
    return window->place = base;
}

static int cfsntfs_size(intptr_t *handle, size64_t *size, libbfio_error_t **error) {
    (void)error;
    *size = (size64_t)((struct cfsntfs_window *)handle)->length;
    return 1;
}

/// A handle of libbfio's on a part of an open file; NULL when there is no memory. To be freed by libbfio_handle_free.
static inline libbfio_handle_t *cfsntfs_window(int descriptor, uint64_t start, uint64_t length) {
    struct cfsntfs_window *window = (struct cfsntfs_window *)calloc(1, sizeof *window);
    if (window == NULL) return NULL;
    window->descriptor = descriptor;
    window->start = (off64_t)start;
    window->length = (off64_t)length;
    libbfio_handle_t *handle = NULL;
    if (libbfio_handle_initialize(
            &handle, (intptr_t *)window, cfsntfs_free, cfsntfs_no_clone, cfsntfs_open, cfsntfs_close,
            cfsntfs_read, cfsntfs_no_write, cfsntfs_seek, cfsntfs_yes, cfsntfs_yes, cfsntfs_size, LIBBFIO_FLAG_IO_HANDLE_MANAGED, NULL) != 1) {
        free(window);
        return NULL;
    }
    return handle;
}
