#include "CCurlLoop.h"
#include <curl/curl.h>
#include <sqlite3.h>

static size_t ignore(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static int send_one(CURL *easy) {
    long status = 0;
    if (curl_easy_perform(easy) != CURLE_OK) return 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status == 200;
}

int house_curl_loop(
    const char *url, const char *credentials, const char *body, const long *lengths, int requests, int connections) {
    int answered = 0;
    for (int connection = 0; connection < connections; connection++) {
        CURL *easy = curl_easy_init();
        if (!easy) return answered;
        struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/soap+xml;charset=UTF-8");
        headers = curl_slist_append(headers, "Expect:");
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_DIGEST);
        curl_easy_setopt(easy, CURLOPT_USERPWD, credentials);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        int share = requests / connections + (connection < requests % connections ? 1 : 0);
        for (int request = 0; request < share; request++) {
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, *lengths++);
            answered += send_one(easy);
        }
        curl_slist_free_all(headers);
        curl_easy_cleanup(easy);
    }
    return answered;
}

int house_sqlite_loop(const char *path, int commits, int bytes) {
    sqlite3 *store = NULL;
    sqlite3_stmt *insert = NULL;
    int done = 0;
    if (sqlite3_open(path, &store) == SQLITE_OK
        && sqlite3_exec(
               store,
               "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
               "CREATE TABLE IF NOT EXISTS line (number INTEGER PRIMARY KEY, text BLOB)",
               NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_prepare_v2(store, "INSERT INTO line (text) VALUES (zeroblob(?))", -1, &insert, NULL) == SQLITE_OK) {
        sqlite3_bind_int(insert, 1, bytes);
        while (done < commits && sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK) done++;
    }
    sqlite3_finalize(insert);
    sqlite3_close(store);
    return done;
}
