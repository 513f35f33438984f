#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Macros and stack templates, which Swift does not import: one typed door each.

static inline long house_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

static inline void house_v3_context(X509V3_CTX *context, X509 *issuer, X509 *subject) {
    X509V3_set_ctx(context, issuer, subject, NULL, NULL, 0);
    X509V3_set_ctx_nodb(context);
}

static inline GENERAL_NAMES *house_subject_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline int house_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

// The DNS name at a place, not ended by a zero; NULL for another kind of name.
static inline const unsigned char *house_dns_name(const GENERAL_NAMES *names, int place, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, place);
    if (name->type != GEN_DNS) return NULL;
    *length = ASN1_STRING_length(name->d.dNSName);
    return ASN1_STRING_get0_data(name->d.dNSName);
}

static inline void house_names_free(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

static inline int house_has_extended_usage(X509 *certificate, const char *oid) {
    EXTENDED_KEY_USAGE *usages = (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    if (usages == NULL) return 0;
    ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);
    int found = 0;
    for (int place = 0; place < sk_ASN1_OBJECT_num(usages); place++) {
        if (OBJ_cmp(sk_ASN1_OBJECT_value(usages, place), wanted) == 0) found = 1;
    }
    ASN1_OBJECT_free(wanted);
    sk_ASN1_OBJECT_pop_free(usages, ASN1_OBJECT_free);
    return found;
}

static inline int house_request_add_extension(X509_REQ *request, X509_EXTENSION *extension) {
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    if (extensions == NULL) return 0;
    sk_X509_EXTENSION_push(extensions, extension);
    int outcome = X509_REQ_add_extensions(request, extensions);
    sk_X509_EXTENSION_free(extensions);
    return outcome;
}

static inline int house_certificates_count(const STACK_OF(X509) *certificates) {
    return certificates == NULL ? 0 : sk_X509_num(certificates);
}

static inline X509 *house_certificate(const STACK_OF(X509) *certificates, int place) {
    return sk_X509_value(certificates, place);
}

static inline void house_certificates_free(STACK_OF(X509) *certificates) { sk_X509_pop_free(certificates, X509_free); }

static inline STACK_OF(X509) *house_certificates_new(void) { return sk_X509_new_null(); }

// Adds a reference of the list's own.
static inline int house_certificates_add(STACK_OF(X509) *certificates, X509 *certificate) {
    return X509_add_cert(certificates, certificate, X509_ADD_FLAG_UP_REF);
}

static inline int house_tls_at_least_1_2(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}
