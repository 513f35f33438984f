#include "CMEI.h"

#include <errno.h>
#include <linux/mei.h>
#include <string.h>
#include <sys/ioctl.h>

_Static_assert(sizeof(struct mei_connect_client_data) == 16, "the connect buffer is 16 bytes");

int cmei_connect_client(int descriptor, const uint8_t client[16], uint8_t properties[16]) {
    struct mei_connect_client_data data;
    memcpy(&data, client, 16);
    if (ioctl(descriptor, IOCTL_MEI_CONNECT_CLIENT, &data) != 0) return errno;
    memcpy(properties, &data, 16);
    return 0;
}
