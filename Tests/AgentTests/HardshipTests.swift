import AgentTestKit
import Foundation
import Glibc
import TestKit
import Testing
import Wire

@Suite(
    "Where much is missing, on the simulator's device node", .timeLimit(.minutes(3)),
    .enabled(if: access("/dev/fuse", F_OK) == 0, "there is no /dev/fuse, so no device node can be made here"))
struct HardshipTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A library that sets the clock of a program to a day of 1998, for what asks the C library.
    private func oldClock() async throws -> String {
        let source = try folder.write(
            "clock.c",
            """
            #include <sys/syscall.h>
            #include <sys/time.h>
            #include <time.h>
            #include <unistd.h>
            #define THEN 900000000
            time_t time(time_t *place) { if (place) *place = THEN; return THEN; }
            int gettimeofday(struct timeval *now, void *zone) { now->tv_sec = THEN; now->tv_usec = 0; return 0; }
            int clock_gettime(clockid_t which, struct timespec *now) {
                if (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)
                    return (int)syscall(SYS_clock_gettime, which, now);
                now->tv_sec = THEN;
                now->tv_nsec = 0;
                return 0;
            }
            """)
        let made = try await RunningProgram(
            "/usr/bin/env", ["cc", "-shared", "-fPIC", "-o", folder.path + "/clock.so", source]
        ).ending()
        guard made.status == 0 else { throw Trouble(made.complaints) }
        return folder.path + "/clock.so"
    }

    @Test("a clock before 2000 keeps nobody from looking, and is named where it is what is wrong")
    func clock() async throws {
        let library = try await oldClock()
        let server = try await TLSServer(in: folder) { _ in (204, "") }
        defer { server.stop() }
        let enrolment = Enrolment(server: server.address, serverCA: server.authority, token: "CanaryToken0123456789")
        let file = try folder.write("enrolment.json", String(decoding: JSONEncoder().encode(enrolment), as: UTF8.self))
        try await withMachine { machine in
            func agent(_ command: String, _ more: [String] = []) async throws -> RunningProgram.Ending {
                try await RunningProgram(
                    "/usr/bin/env",
                    [
                        "LD_PRELOAD=\(library)", Agent.path, command, "--device", machine.device, "--name",
                        SimulatedMachine.name,
                    ] + more
                ).ending()
            }
            #expect(try await agent("check").status == 0)
            #expect(try await agent("status", ["--no-dns"]).status == 0)
            #expect(try await agent("local", ["--enrolment", file]).status == 0)
            let state = ["--enrolment", file, "--state-directory", folder.path + "/state"]
            let doctor = try await agent("doctor", state)
            #expect(doctor.status == 69, "\(doctor)")
            #expect(doctor.output.contains("the clock stands before 2025"))
            let sync = try await agent("sync", state)
            #expect(sync.status == 69, "\(sync)")
            #expect(sync.complaints.contains("clock"), "\(sync.complaints)")
            #expect(server.requests.isEmpty)
        }
    }

    @Test(
        "on a read-only system every command that looks does so", .enabled(if: geteuid() == 0, "remounting needs root"))
    func readOnly() async throws {
        guard try await RunningProgram("/usr/bin/unshare", ["-m", "true"]).ending().status == 0 else {
            return print("skipped: no mount namespace can be made here")
        }
        try await withMachine { machine in
            // What is mounted below stays as it is, the device node among it.
            let commands = "mount --bind / / && mount -o remount,bind,ro / && mount -t tmpfs -o ro tmpfs /var/lib"
            for command in ["check", "status --no-dns", "local", "capture"] {
                let ending = try await RunningProgram(
                    "/usr/bin/unshare",
                    [
                        "-m", "--propagation", "private", "sh", "-c",
                        "mount --bind \(machine.folder.path)/dev \(machine.folder.path)/dev; \(commands); exec \(Agent.path) \(command) --device \(machine.device) --name \(SimulatedMachine.name)",
                    ]
                ).ending()
                #expect(ending.status == 0, "\(command): \(ending)")
            }
        }
    }

    @Test("without /sys the device is found by its number", .enabled(if: geteuid() == 0, "mounting needs root"))
    func withoutSys() async throws {
        guard try await RunningProgram("/usr/bin/unshare", ["-m", "true"]).ending().status == 0 else {
            return print("skipped: no mount namespace can be made here")
        }
        try await withMachine { machine in
            let ending = try await RunningProgram(
                "/usr/bin/unshare",
                [
                    "-m", "--propagation", "private", "sh", "-c",
                    """
                    mount -t tmpfs tmpfs /sys; mkdir /tmp/keep-$$; touch /tmp/keep-$$/mei
                    mount --bind \(machine.device) /tmp/keep-$$/mei
                    mount -t tmpfs tmpfs /dev; touch /dev/mei1 && mount --bind /tmp/keep-$$/mei /dev/mei1
                    \(Agent.path) check --name \(SimulatedMachine.name); status=$?
                    umount /tmp/keep-$$/mei; rm -r /tmp/keep-$$; exit $status
                    """,
                ]
            ).ending()
            #expect(ending.status == 0, "\(ending)")
        }
    }
}
