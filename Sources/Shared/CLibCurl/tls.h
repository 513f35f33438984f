#pragma once
#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

// What OpenSSL reads once and many connections use: libcurl itself reads keys and authorities anew for each.

// A certificate with its key and the chain above it.
struct house_tls_identity {
    EVP_PKEY *key;
    X509 *leaf;
    STACK_OF(X509) *chain;
};

static inline void house_tls_identity_free(struct house_tls_identity *identity) {
    if (identity == NULL) return;
    EVP_PKEY_free(identity->key);
    X509_free(identity->leaf);
    sk_X509_pop_free(identity->chain, X509_free);
    OPENSSL_free(identity);
}

// Reads PEM, leaf first. NULL where a part is missing or key and leaf do not belong together.
static inline struct house_tls_identity *house_tls_identity_read(
    const void *chain, size_t chain_count, const void *key, size_t key_count) {
    struct house_tls_identity *made = (struct house_tls_identity *)OPENSSL_zalloc(sizeof *made);
    BIO *certificates = BIO_new_mem_buf(chain, (int)chain_count);
    BIO *keys = BIO_new_mem_buf(key, (int)key_count);
    int is_whole = 0;
    if (made != NULL && certificates != NULL && keys != NULL) {
        made->key = PEM_read_bio_PrivateKey(keys, NULL, NULL, NULL);
        made->leaf = PEM_read_bio_X509(certificates, NULL, NULL, NULL);
        made->chain = sk_X509_new_null();
        is_whole = made->key != NULL && made->leaf != NULL && made->chain != NULL
            && X509_check_private_key(made->leaf, made->key) == 1;
        X509 *link;
        while (is_whole && (link = PEM_read_bio_X509(certificates, NULL, NULL, NULL)) != NULL) {
            if (sk_X509_push(made->chain, link) > 0) continue;
            X509_free(link);
            is_whole = 0;
        }
    }
    ERR_clear_error();
    BIO_free(certificates);
    BIO_free(keys);
    if (is_whole) return made;
    house_tls_identity_free(made);
    return NULL;
}

// The context takes references of its own.
static inline CURLcode house_tls_identity_use(void *context, const struct house_tls_identity *identity) {
    STACK_OF(X509) *chain = sk_X509_num(identity->chain) > 0 ? identity->chain : NULL;
    int outcome = SSL_CTX_use_cert_and_key((SSL_CTX *)context, identity->leaf, identity->key, chain, 1);
    return outcome == 1 ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

// The authorities of a PEM text, one that is no root being enough, as libcurl takes them. NULL where there is none.
static inline X509_STORE *house_tls_authorities_read(const void *text, size_t count) {
    X509_STORE *store = X509_STORE_new();
    BIO *certificates = BIO_new_mem_buf(text, (int)count);
    int found = 0;
    if (store != NULL && certificates != NULL) {
        X509 *authority;
        while ((authority = PEM_read_bio_X509(certificates, NULL, NULL, NULL)) != NULL) {
            found += X509_STORE_add_cert(store, authority);
            X509_free(authority);
        }
        X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    }
    ERR_clear_error();
    BIO_free(certificates);
    if (found > 0) return store;
    X509_STORE_free(store);
    return NULL;
}

static inline void house_tls_authorities_free(X509_STORE *store) { X509_STORE_free(store); }

// The context takes a reference of its own.
static inline CURLcode house_tls_authorities_use(void *context, X509_STORE *store) {
    return SSL_CTX_set1_verify_cert_store((SSL_CTX *)context, store) == 1 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

// DER of the certificate that the peer of a transfer's TLS connection presented, for OPENSSL_free; -1 without one.
static inline int house_curl_peer_certificate(CURL *handle, unsigned char **der) {
    struct curl_tlssessioninfo *session = NULL;
    *der = NULL;
    if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == NULL
        || session->backend != CURLSSLBACKEND_OPENSSL || session->internals == NULL)
        return -1;
    X509 *certificate = SSL_get0_peer_certificate((SSL *)session->internals);
    return certificate == NULL ? -1 : i2d_X509(certificate, der);
}

static inline void house_tls_free(void *bytes) { OPENSSL_free(bytes); }
