#ifndef HOUSE_CURL_LOOP_H
#define HOUSE_CURL_LOOP_H

#include <stddef.h>

/// Sends `requests` POSTs of the same body over `connections` connections, one after the other.
///
/// The least that such a client can do in C: libcurl does HTTP, TLS and digest, nothing reads the answers, nobody
/// checks the certificate. `credentials` is `user:password`. Returns how many were answered with 200.
int house_curl_loop(
    const char *url, const char *credentials, const char *body, size_t length, int requests, int connections);

#endif
