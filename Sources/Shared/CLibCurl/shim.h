#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic, and Swift imports no variadic C function.
// One typed door for each kind of argument that this house passes.

static inline CURLcode house_curl_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}

static inline CURLcode house_curl_set_number(CURL *handle, CURLoption option, long number) {
    return curl_easy_setopt(handle, option, number);
}

static inline CURLcode house_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

static inline CURLcode house_curl_set_post(CURL *handle, const void *bytes, size_t count) {
    CURLcode outcome = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    if (outcome != CURLE_OK) return outcome;
    return curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes);
}

typedef size_t (*house_curl_sink)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode house_curl_set_sinks(
    CURL *handle, house_curl_sink body, house_curl_sink header, void *context) {
    CURLcode outcome = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    if (outcome == CURLE_OK) outcome = curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
    if (outcome == CURLE_OK) outcome = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, header);
    if (outcome == CURLE_OK) outcome = curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
    if (outcome == CURLE_OK) outcome = curl_easy_setopt(handle, CURLOPT_PRIVATE, context);
    return outcome;
}

// libcurl hands out OpenSSL's context of each new connection before its handshake.
typedef CURLcode (*house_curl_context_hook)(CURL *handle, void *context, void *user);

static inline CURLcode house_curl_set_context_hook(CURL *handle, house_curl_context_hook hook, void *user) {
    CURLcode outcome = curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, hook);
    if (outcome == CURLE_OK) outcome = curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, user);
    return outcome;
}

// Peers that know nothing of RFC 5746.
static inline void house_tls_allow_legacy_connect(void *context) {
    SSL_CTX_set_options((SSL_CTX *)context, SSL_OP_LEGACY_SERVER_CONNECT);
}

// A pre-shared key lies in the context that uses it, as long as that: a peer may ask for another handshake later on.
struct house_tls_shared_key {
    char identity[PSK_MAX_IDENTITY_LEN + 1];
    size_t count;
    unsigned char key[PSK_MAX_PSK_LEN];
};

static inline void house_tls_forget_shared_key(
    void *parent, void *kept, CRYPTO_EX_DATA *data, int place, long number, void *pointer) {
    (void)parent, (void)data, (void)place, (void)number, (void)pointer;
    if (kept != NULL) OPENSSL_clear_free(kept, sizeof(struct house_tls_shared_key));
}

// The number under which contexts keep theirs; taken once for a process.
static inline int house_tls_shared_key_place(void) {
    return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, house_tls_forget_shared_key);
}

typedef unsigned int (*house_tls_shared_key_callback)(
    SSL *connection, const char *hint, char *identity, unsigned int identity_room, unsigned char *key,
    unsigned int key_room);

// Lets a context answer for its key by the callback; the key is copied.
static inline CURLcode house_tls_use_shared_key(
    void *context, int place, const char *identity, const unsigned char *key, size_t count,
    house_tls_shared_key_callback callback) {
    if (place < 0 || strlen(identity) > PSK_MAX_IDENTITY_LEN || count > PSK_MAX_PSK_LEN) return CURLE_SSL_CERTPROBLEM;
    struct house_tls_shared_key *kept = (struct house_tls_shared_key *)OPENSSL_zalloc(sizeof *kept);
    if (kept == NULL) return CURLE_OUT_OF_MEMORY;
    strcpy(kept->identity, identity);
    memcpy(kept->key, key, count);
    kept->count = count;
    if (SSL_CTX_set_ex_data((SSL_CTX *)context, place, kept) != 1) {
        OPENSSL_clear_free(kept, sizeof *kept);
        return CURLE_OUT_OF_MEMORY;
    }
    SSL_CTX_set_psk_client_callback((SSL_CTX *)context, callback);
    return CURLE_OK;
}

// What a callback answers for the key at a place: its length, or 0 where there is none or no room.
static inline unsigned int house_tls_give_shared_key(
    SSL *connection, int place, char *identity, unsigned int identity_room, unsigned char *key,
    unsigned int key_room) {
    const struct house_tls_shared_key *kept =
        (const struct house_tls_shared_key *)SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), place);
    if (kept == NULL || strlen(kept->identity) >= identity_room || kept->count > key_room) return 0;
    strcpy(identity, kept->identity);
    memcpy(key, kept->key, kept->count);
    return (unsigned int)kept->count;
}

static inline CURLcode house_curl_set_error_text(CURL *handle, char *text) {
    return curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, text);
}

typedef int (*house_curl_before_request)(
    void *context, char *primary, char *local, int primary_port, int local_port);

static inline CURLcode house_curl_set_before_request(
    CURL *handle, house_curl_before_request callback, void *context) {
    CURLcode outcome = curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
    if (outcome == CURLE_OK) outcome = curl_easy_setopt(handle, CURLOPT_PREREQDATA, context);
    return outcome;
}

static inline CURLcode house_curl_get_number(CURL *handle, CURLINFO what, long *number) {
    return curl_easy_getinfo(handle, what, number);
}

static inline CURLcode house_curl_get_context(CURL *handle, void **context) {
    return curl_easy_getinfo(handle, CURLINFO_PRIVATE, context);
}

static inline CURLMcode house_curl_multi_set_number(CURLM *handle, CURLMoption option, long number) {
    return curl_multi_setopt(handle, option, number);
}

// The result in a CURLMsg sits in a union, which Swift reads awkwardly.
static inline CURLcode house_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}

// Who is told which socket to watch for what, and when to come back.
static inline CURLMcode house_curl_multi_set_watchers(
    CURLM *handle, curl_socket_callback watch, curl_multi_timer_callback wake, void *context) {
    CURLMcode outcome = curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, watch);
    if (outcome == CURLM_OK) outcome = curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, context);
    if (outcome == CURLM_OK) outcome = curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, wake);
    if (outcome == CURLM_OK) outcome = curl_multi_setopt(handle, CURLMOPT_TIMERDATA, context);
    return outcome;
}
