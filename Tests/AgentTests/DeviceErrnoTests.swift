import AgentTestKit
import Glibc
import SimulatedMEI
import TestKit
import Testing

@Suite(
    "Every error number of a device node", .timeLimit(.minutes(3)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct DeviceErrnoTests {
    /// What a system call on the device ends with in place of its work, and what becomes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var call: String
        var number: Int32
        /// How often; after that the call works.
        var times: Int
        var status: Int32
        var code: String?

        init(_ call: String, _ number: Int32, times: Int = 99, _ status: Int32 = 0, _ code: String? = nil) {
            (self.call, self.number, self.times, self.status, self.code) = (call, number, times, status, code)
        }

        var testDescription: String { "\(call) \(number), \(times) times" }
    }

    /// A library that lets calls on files called `mei0` fail, as the environment says.
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <poll.h>
        #include <stdarg.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        static int fails(const char *call) {
            static int left = -1;
            const char *wanted = getenv("FAIL_CALL");
            if (wanted == NULL || strcmp(wanted, call) != 0) return 0;
            if (left < 0) left = atoi(getenv("FAIL_TIMES"));
            if (left == 0) return 0;
            left--;
            errno = atoi(getenv("FAIL_NUMBER"));
            return 1;
        }
        static int isNode(const char *path) {
            size_t length = strlen(path);
            return length >= 5 && strcmp(path + length - 5, "/mei0") == 0;
        }
        static int isNodeFile(int descriptor) {
            char link[64], path[4096];
            snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
            ssize_t count = readlink(link, path, sizeof path - 1);
            if (count < 0) return 0;
            path[count] = 0;
            return isNode(path);
        }
        #define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
        int open(const char *path, int flags, ...) {
            va_list rest;
            va_start(rest, flags);
            mode_t mode = va_arg(rest, mode_t);
            va_end(rest);
            return isNode(path) && fails("open") ? -1 : REAL(open)(path, flags, mode);
        }
        int open64(const char *path, int flags, ...) {
            va_list rest;
            va_start(rest, flags);
            mode_t mode = va_arg(rest, mode_t);
            va_end(rest);
            return isNode(path) && fails("open") ? -1 : REAL(open64)(path, flags, mode);
        }
        ssize_t write(int descriptor, const void *bytes, size_t count) {
            return isNodeFile(descriptor) && fails("write") ? -1 : REAL(write)(descriptor, bytes, count);
        }
        ssize_t read(int descriptor, void *bytes, size_t count) {
            return isNodeFile(descriptor) && fails("read") ? -1 : REAL(read)(descriptor, bytes, count);
        }
        int poll(struct pollfd *entries, nfds_t count, int timeout) {
            return fails("poll") ? -1 : REAL(poll)(entries, count, timeout);
        }
        """

    private static let all: [Case] = [
        // Not there, or not for us.
        Case("open", ENOENT, 12, "mei.no-management-engine"), Case("open", ENXIO, 12, "mei.no-management-engine"),
        Case("open", EACCES, 13, "mei.forbidden"), Case("open", EPERM, 13, "mei.forbidden"),
        // In a moment, perhaps.
        Case("open", ENODEV, times: 1), Case("open", EBUSY, times: 1), Case("open", EINTR, times: 1),
        Case("open", ENODEV, 13, "mei.vanished"), Case("open", EBUSY, 13, "mei.busy"),
        Case("open", EMFILE, 13, "mei.failed"), Case("open", EIO, 13, "mei.failed"),
        Case("write", EINTR, times: 3), Case("write", EAGAIN, times: 1), Case("write", EBUSY, times: 1),
        Case("write", EAGAIN, 13, "mei.busy"), Case("write", EBUSY, 13, "mei.busy"),
        // A reset: opened anew, asked again, and given up when it goes on.
        Case("write", ENODEV, times: 1), Case("write", ENODEV, 13, "mei.vanished"),
        Case("write", ENOTTY, 12, "mei.no-host-interface"), Case("write", EFBIG, 13, "mei.failed"),
        Case("write", EIO, 13, "mei.failed"),
        Case("read", EINTR, times: 3), Case("read", EAGAIN, times: 1), Case("read", ENODEV, times: 1),
        Case("read", ENODEV, 13, "mei.vanished"), Case("read", EIO, 13, "mei.failed"),
        Case("poll", EINTR, times: 3),
    ]

    @Test("is taken for what it means: waited for, opened anew, or told", arguments: all)
    func numbers(wanted: Case) async throws {
        let folder = try TemporaryFolder()
        let library = folder.path + "/fail.so"
        let made = try await RunningProgram(
            "/usr/bin/env", ["cc", "-shared", "-fPIC", "-o", library, try folder.write("fail.c", Self.source), "-ldl"]
        ).ending()
        guard made.status == 0 else { throw Trouble(made.complaints) }
        let peer = NodeFirmware(PlainFirmware(), connecting: []) { _, _, _ in nil }
        let device = try peer.mount(in: TemporaryFolder())
        defer { peer.unmount() }
        let patience = wanted.status == 0 ? "20" : "0.4"
        let ending = try await RunningProgram(
            "/usr/bin/env",
            [
                "LD_PRELOAD=\(library)", "FAIL_CALL=\(wanted.call)", "FAIL_NUMBER=\(wanted.number)",
                "FAIL_TIMES=\(wanted.times)", Agent.path, "check", "--device", device, "--name", "pc1.example.com",
                "--device-timeout", patience,
            ]
        ).ending()
        #expect(ending.status == wanted.status, "\(ending)")
        if let code = wanted.code { #expect(ending.complaints.contains("[\(code)]"), "\(ending)") }
        if wanted.status == 0 {
            #expect(peer.connections == (wanted.number == ENODEV && wanted.call != "open" ? 2 : 1))
        }
    }
}
