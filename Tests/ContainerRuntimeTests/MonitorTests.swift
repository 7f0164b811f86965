import LinuxSys
import Synchronization
import Testing

@testable import ContainerRuntime

@Suite("What conmon and the runtime report")
struct MonitorTests {
    @Test(
        "Messages of the synchronisation pipe are read",
        arguments: [
            ("{\"data\": 1234}", 1234, nil), ("{\"data\": -1}", -1, nil),
            ("{\"data\": -1, \"message\": \"a \\\"b\\\"\\u0007\\n\"}", -1, "a \"b\"\u{7}\n"),
            ("{\"data\":7}", 7, nil),
        ] as [(String, Int32, String?)])
    func messages(line: String, data: Int32, text: String?) {
        let message = SyncMessage(Array(line.utf8))
        #expect(message?.data == data)
        #expect(message?.message == text)
    }

    @Test(
        "Damaged messages are none", arguments: ["", "{", "{\"data\": x}", "{\"data\": 99999999999}", "{\"pid\": 3}"])
    func damaged(line: String) {
        #expect(SyncMessage(Array(line.utf8)) == nil)
    }

    @Test("Messages that come in pieces and together are told apart", .timeLimit(.minutes(1)))
    func channel() throws {
        let pipe = try Pipe()
        try pipe.writeEnd.write(all: "{\"data\": 1}\n{\"da")
        let number = try pipe.writeEnd.duplicate().release()
        var channel = SyncChannel(pipe.keepingReadEnd())
        #expect(try channel.next(until: Deadline(after: .seconds(5)))?.data == 1)
        let late = #expect(throws: RuntimeFailure.self) { try channel.next(until: Deadline(after: .milliseconds(20))) }
        #expect(late?.kind == .timedOut)
        let end = OwnedFD(adopting: number)
        try end.write(all: "ta\": 2}\n")
        #expect(try channel.next(until: Deadline(after: .seconds(5)))?.data == 2)
        _ = end.release()
    }

    @Test(
        "Runtimes' words become Podman's, with the exit code",
        arguments: [
            (
                "runc create failed: unable to start container process: exec: \"nosuch\": executable file not found in $PATH",
                "runc: runc create failed: unable to start container process: exec: \"nosuch\": executable file not "
                    + "found in $PATH: OCI runtime attempted to invoke a command that was not found", 127
            ),
            (
                "exec failed: exec: \"/etc\": permission denied",
                "runc: exec failed: exec: \"/etc\": permission denied: OCI permission denied", 126
            ),
            ("noise\nOperation not permitted\n", "runc: Operation not permitted: OCI permission denied", 126),
            (
                "error setting cgroup config for procHooks process: openat2 /sys/fs/cgroup/swiftlet/ab/memory.swap.max: "
                    + "no such file or directory",
                "runc: the host has no \"memory\" controller here: leave its limit out, or enable it (cgroups(7)): "
                    + "OCI runtime error", 126
            ),
            ("something\nelse\n", "runc: something: else: OCI runtime error", 126),
        ] as [(String, String, Int32)])
    func failures(text: String, message: String, code: Int32) {
        let failure = RuntimeFailure(saying: text, by: "runc")
        #expect(failure.message == message)
        #expect(failure.exitCode == code)
    }

    @Test("The last error of the runtime's log counts")
    func runtimeLog() throws {
        let path = "/tmp/swiftlet-oci-log-\(RandomBytes.hexadecimal(8))"
        try File.write(
            path,
            """
            {"level":"error","msg":"first","time":"x"}
            not json
            {"level":"error","msg":"second \\"quoted\\"","time":"x"}
            {"level":"warning","msg":"third","time":"x"}

            """)
        #expect(RuntimeLog.lastError(path) == "second \"quoted\"")
        try File.remove(path)
        #expect(RuntimeLog.lastError(path) == nil)
    }

    @Test("A runtime that is not installed is named, with what to install")
    func missingRuntime() {
        let failure = #expect(throws: RuntimeFailure.self) { try OCIRuntime.select("nosuch", root: "/r") }
        #expect(failure?.message.hasPrefix("default OCI runtime \"nosuch\" not found: invalid argument") == true)
        #expect(failure?.exitCode == 125)
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = "/tmp/swiftlet-exits-\(RandomBytes.hexadecimal(8))"
        try File.makeDirectories(directory)
        try body(directory)
        for name in try File.names(in: directory) { try File.remove("\(directory)/\(name)") }
        try File.removeDirectory(directory)
    }

    @Test("An exit code that is there is read, and one that comes is waited for", .timeLimit(.minutes(1)))
    func exitFile() throws {
        try withDirectory { directory in
            #expect(try ExitFile.wait(directory, id: "a", timeout: .milliseconds(20)) == .timedOut)
            let writer = try ThreadBound {
                try File.write("\(directory)/a.tmp", "137")
                try File.rename("\(directory)/a.tmp", to: "\(directory)/a")
            }
            #expect(try ExitFile.wait(directory, id: "a") == .exited(137))
            try writer.join()
            #expect(try ExitFile.wait(directory, id: "a") == .exited(137))
        }
    }

    @Test("A monitor that is gone ends the wait")
    func monitorGone() throws {
        try withDirectory { directory in
            let own = try ProcessIdentity.current()
            let dead = try #require(ProcessIdentity("\(own.bootID):\(own.pid):1"))
            #expect(try ExitFile.wait(directory, id: "a", monitor: dead) == .monitorGone)
            let child = try Program(path: "/bin/sleep", arguments: ["0.05"]).start()
            let identity = try ProcessIdentity(pid: child.pid)
            #expect(try ExitFile.wait(directory, id: "a", monitor: identity) == .monitorGone)
            _ = try child.wait()
        }
    }

    @Test("A process is known by more than its number")
    func identity() throws {
        let own = try ProcessIdentity.current()
        #expect(try own.isAlive())
        #expect(ProcessIdentity(own.description) == own)
        let other = try #require(ProcessIdentity("\(own.bootID):\(own.pid):\(own.startTime + 1)"))
        #expect(try !other.isAlive())
        #expect(try !other.kill(Signal.terminate))
        let before = try #require(ProcessIdentity("another-boot:\(own.pid):\(own.startTime)"))
        #expect(try !before.isAlive())
        let child = try Program(path: "/bin/sleep", arguments: ["100"]).start()
        let identity = try ProcessIdentity(pid: child.pid)
        #expect(try !identity.wait(.milliseconds(10)))
        #expect(try identity.kill(.kill))
        #expect(try identity.wait(.seconds(10)))
        // Ended, but not reaped: no process any more.
        #expect(try !identity.isAlive())
        #expect(try child.wait() == 137)
    }

    @Test(
        "Texts that are no identity are refused",
        arguments: ["", "a:b:c", "boot:0:5", "boot:-1:5", "boot:1", "boot:1:2:3", "boot:1:-2"])
    func wrongIdentity(text: String) {
        #expect(ProcessIdentity(text) == nil)
    }
}
