#pragma once
#include <stdint.h>

/// Connects an open MEI device to a client of the firmware (ioctl IOCTL_MEI_CONNECT_CLIENT, `linux/mei.h`).
///
/// - Parameters:
///   - descriptor: The open device.
///   - client: The client's GUID, 16 bytes, its first three fields little-endian.
///   - properties: 16 bytes, written where the call succeeds: the longest message (u32, little-endian), the protocol
///     version (u8) and what was in `client` behind them. Not written otherwise.
/// - Returns: 0, or the errno.
int cmei_connect_client(int descriptor, const uint8_t client[16], uint8_t properties[16]);

/// Gives up all capabilities for good, lets no program that is started gain any, and forbids core files.
///
/// What is left to root are the files and devices that belong to it. A kernel that refuses one of these leaves the rest
/// in force.
void cmei_give_up_privileges(void);

/// The program's arguments as it got them, its own name first; NULL behind the last.
///
/// Swift reads them from `/proc`, which a boot environment may not have mounted yet: a command would turn into no command.
char *const *cmei_arguments(void);
