#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>

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

// libcurl copies the bytes (CURL_BLOB_COPY), so the caller's may go.
static inline CURLcode house_curl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
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

static inline CURLcode house_curl_legacy_connect(CURL *handle, void *context, void *unused) {
    (void)handle;
    (void)unused;
    SSL_CTX_set_options((SSL_CTX *)context, SSL_OP_LEGACY_SERVER_CONNECT);
    return CURLE_OK;
}

// Peers that know nothing of RFC 5746.
static inline CURLcode house_curl_set_legacy_connect(CURL *handle) {
    return curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, house_curl_legacy_connect);
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

static inline CURLcode house_curl_get_certificates(CURL *handle, struct curl_certinfo **certificates) {
    return curl_easy_getinfo(handle, CURLINFO_CERTINFO, certificates);
}

static inline CURLMcode house_curl_multi_set_number(CURLM *handle, CURLMoption option, long number) {
    return curl_multi_setopt(handle, option, number);
}

// The result in a CURLMsg sits in a union, which Swift reads awkwardly.
static inline CURLcode house_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}
