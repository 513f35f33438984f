#define _GNU_SOURCE
#include "CSimulatedMEI.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// Descriptors travel as ancillary data, whose macros Swift does not import.
static int receive_descriptor(int channel) {
    char byte;
    struct iovec vector = {&byte, 1};
    char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t count;
    do {
        count = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (count == 0 || header == NULL || header->cmsg_type != SCM_RIGHTS) return -EPROTO;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

// `kept` is a descriptor that the program inherits, or -1.
static int run(char *const arguments[], char *const environment[], int kept) {
    pid_t process;
    posix_spawn_file_actions_t actions;
    int outcome = posix_spawn_file_actions_init(&actions);
    if (outcome != 0) return -outcome;
    // A descriptor that is duplicated onto itself loses its close-on-exec flag, in the new program only.
    if (kept >= 0) outcome = posix_spawn_file_actions_adddup2(&actions, kept, kept);
    if (outcome == 0) outcome = posix_spawnp(&process, arguments[0], &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (outcome != 0) return -outcome;
    int status;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) return -errno;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

int simulated_mei_mount_by_helper(const char *directory, const char *options) {
    int channels[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channels) < 0) return -errno;
    char variable[32];
    snprintf(variable, sizeof variable, "_FUSE_COMMFD=%d", channels[0]);
    // Everything of the environment but a variable of that name, which would come first.
    size_t count = 0;
    while (environ[count] != NULL) count++;
    char *environment[count + 2];
    size_t kept = 0;
    environment[kept++] = variable;
    for (size_t place = 0; place < count; place++) {
        if (strncmp(environ[place], "_FUSE_COMMFD=", 13) != 0) environment[kept++] = environ[place];
    }
    environment[kept] = NULL;
    char *const arguments[] = {"fusermount3", "-o", (char *)options, "--", (char *)directory, NULL};
    int outcome = run(arguments, environment, channels[0]);
    close(channels[0]);
    if (outcome == 0) outcome = receive_descriptor(channels[1]);
    close(channels[1]);
    return outcome;
}

int simulated_mei_unmount_by_helper(const char *directory) {
    char *const arguments[] = {"fusermount3", "-uz", "--", (char *)directory, NULL};
    return run(arguments, environ, -1);
}

int simulated_mei_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
