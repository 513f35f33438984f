#pragma once
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// GSSAPI's names and mechanisms are mutable globals and its objects want releasing in order, neither of which Swift
// takes well: one function for each side, which keeps nothing.

typedef struct {
    OM_uint32 major;
    char message[600];
    // The initiator's token; released by house_gss_free.
    void *token;
    size_t length;
    // The acceptor's peer, `user@REALM`.
    char peer[256];
} house_gss_outcome;

static inline void house_gss_free(house_gss_outcome *outcome) {
    free(outcome->token);
    outcome->token = NULL;
}

static inline void house_gss_explain(house_gss_outcome *outcome, OM_uint32 major, OM_uint32 minor) {
    OM_uint32 ignored, context = 0;
    gss_buffer_desc general = GSS_C_EMPTY_BUFFER, detail = GSS_C_EMPTY_BUFFER;
    outcome->major = major;
    gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &context, &general);
    context = 0;
    gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &context, &detail);
    snprintf(outcome->message, sizeof outcome->message, "%.*s: %.*s", (int)general.length, (char *)general.value,
             (int)detail.length, (char *)detail.value);
    gss_release_buffer(&ignored, &general);
    gss_release_buffer(&ignored, &detail);
}

static inline gss_OID house_gss_spnego(void) {
    static gss_OID_desc spnego = {6, (void *)"\x2b\x06\x01\x05\x05\x02"};
    return &spnego;
}

// One SPNEGO token for a service, by its whole principal name: nothing is looked up in DNS and nothing made canonical.
// Either of keytab and cache may be NULL.
static inline house_gss_outcome house_gss_initiate(const char *service, const char *keytab, const char *cache) {
    house_gss_outcome outcome = {0};
    OM_uint32 minor, ignored;
    gss_name_t name = GSS_C_NO_NAME;
    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc text = {strlen(service), (void *)service}, token = GSS_C_EMPTY_BUFFER;
    gss_key_value_element_desc elements[2];
    gss_key_value_set_desc store = {0, elements};
    if (keytab) elements[store.count++] = (gss_key_value_element_desc){"client_keytab", keytab};
    if (cache) elements[store.count++] = (gss_key_value_element_desc){"ccache", cache};

    OM_uint32 major = gss_import_name(&minor, &text, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &name);
    if (major == GSS_S_COMPLETE)
        major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_INITIATE, &store,
                                      &credential, NULL, NULL);
    if (major == GSS_S_COMPLETE)
        major = gss_init_sec_context(&minor, credential, &context, name, house_gss_spnego(), 0, 0,
                                     GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &token, NULL, NULL);
    if (GSS_ERROR(major)) {
        house_gss_explain(&outcome, major, minor);
    } else if (token.length > 0 && (outcome.token = malloc(token.length))) {
        memcpy(outcome.token, token.value, token.length);
        outcome.length = token.length;
    } else {
        outcome.major = GSS_S_FAILURE;
        snprintf(outcome.message, sizeof outcome.message, "no token was made");
    }
    gss_release_buffer(&ignored, &token);
    if (context != GSS_C_NO_CONTEXT) gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
    gss_release_cred(&ignored, &credential);
    gss_release_name(&ignored, &name);
    return outcome;
}

// Takes one token with the keys of a keytab; the peer's name is set when it is good.
static inline house_gss_outcome house_gss_accept(const void *bytes, size_t length, const char *keytab) {
    house_gss_outcome outcome = {0};
    OM_uint32 minor, ignored;
    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_name_t peer = GSS_C_NO_NAME;
    gss_buffer_desc input = {length, (void *)bytes}, output = GSS_C_EMPTY_BUFFER, text = GSS_C_EMPTY_BUFFER;
    gss_key_value_element_desc element = {"keytab", keytab};
    gss_key_value_set_desc store = {1, &element};

    OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT,
                                            &store, &credential, NULL, NULL);
    if (major == GSS_S_COMPLETE)
        major = gss_accept_sec_context(&minor, &context, credential, &input, GSS_C_NO_CHANNEL_BINDINGS, &peer, NULL,
                                       &output, NULL, NULL, NULL);
    if (major == GSS_S_COMPLETE) major = gss_display_name(&minor, peer, &text, NULL);
    outcome.major = major;
    if (major == GSS_S_COMPLETE)
        snprintf(outcome.peer, sizeof outcome.peer, "%.*s", (int)text.length, (char *)text.value);
    else
        house_gss_explain(&outcome, major, minor);
    gss_release_buffer(&ignored, &text);
    gss_release_buffer(&ignored, &output);
    if (context != GSS_C_NO_CONTEXT) gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
    gss_release_name(&ignored, &peer);
    gss_release_cred(&ignored, &credential);
    return outcome;
}
