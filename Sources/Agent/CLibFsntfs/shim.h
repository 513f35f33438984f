#pragma once
#include <libbfio.h>
// The part of libfsntfs that takes a range of a file is declared only for those who have libbfio.
#define LIBFSNTFS_HAVE_BFIO 1
#include <libfsntfs.h>
