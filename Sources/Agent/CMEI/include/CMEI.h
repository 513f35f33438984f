#ifndef CMEI_H
#define CMEI_H

#include <stdint.h>

/// Connects an open MEI device to one client of the firmware.
///
/// IOCTL_MEI_CONNECT_CLIENT takes the client's GUID and leaves its properties in the same memory: u32 longest message,
/// u8 protocol version, three reserved bytes; the last eight bytes stay as they were. The number and the layout come from
/// the kernel's header, not from us.
///
/// Returns 0, or the errno of the call.
int cmei_connect_client(int descriptor, const uint8_t client[16], uint8_t properties[16]);

#endif
