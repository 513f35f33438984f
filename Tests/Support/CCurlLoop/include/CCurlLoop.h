#ifndef HOUSE_CURL_LOOP_H
#define HOUSE_CURL_LOOP_H

#include <stddef.h>

/// Sends POSTs over `connections` connections, one after the other: of `body` as many bytes as `lengths` says for each.
///
/// A firmware challenges each connection once and closes it then: with its challenges the loop makes `connections`
/// requests more than `requests`, and two handshakes for each connection. The least that such a client can do in C: libcurl does HTTP, TLS and digest, nothing reads the answers, nobody
/// checks the certificate. `credentials` is `user:password`. Returns how many were answered with 200.
int house_curl_loop(
    const char *url, const char *credentials, const char *body, const long *lengths, int requests, int connections);

/// Writes so many rows of so many bytes, each a transaction that is on the disk before the next (WAL, `synchronous =
/// FULL`), as the server's store does. Returns how many it wrote.
int house_sqlite_loop(const char *path, int commits, int bytes);

#endif
