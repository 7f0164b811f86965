internal import CLinux
internal import Glibc

/// A child process that this process must wait for.
public struct ChildProcess: Sendable, Hashable {
    /// The kernel's process id.
    public let pid: Int32

    /// Waits for the end (waitpid(2)): the exit code, or 128 + the signal's number.
    public func wait() throws(Errno) -> Int32 {
        var status: Int32 = 0
        let pid = pid
        // SAFETY: waitpid fills `status` before it returns.
        try syscall { unsafe waitpid(pid, &status, 0) }
        return clinux_exit_code(status)
    }

    /// Sends a signal (kill(2)).
    public func kill(_ signal: Int32) throws(Errno) {
        try syscall { Glibc.kill(pid, signal) }
    }
}

/// What a program was told and what it answered.
public struct ProgramOutput: Sendable {
    /// Exit code, or 128 + the signal's number.
    public var exitCode: Int32
    /// Everything written to standard output.
    public var output: [UInt8]
    /// Everything written to standard error.
    public var errorOutput: [UInt8]
    /// Standard error as text, without the newline at its end.
    public var errorText: String {
        var text = String(decoding: errorOutput, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}

/// How to start a program: no shell, no search unless `Program.find` is asked, no descriptor but those named.
public struct Program: Sendable {
    /// Absolute path of the executable.
    public var path: String
    /// Arguments after the program's own name.
    public var arguments: [String]
    /// The whole environment, `NAME=value` each.
    public var environment: [String]
    /// Working directory; the caller's own if nil.
    public var directory: String?
    /// `descriptors[i]` becomes the child's descriptor i. `nil` is /dev/null for 0, 1 and 2 and closed above.
    public var descriptors: [Int32?] = [0, 1, 2]
    /// Whether the child outlives the caller's session: it has one of its own (setsid(2)), and a cgroup that is not
    /// ended with the caller's.
    public var outlivesSession = false

    /// Describes a program; nothing runs yet.
    public init(
        path: String, arguments: [String] = [], environment: [String] = Program.minimalEnvironment,
        directory: String? = nil
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
    }

    /// The directories that `find` searches, whatever the caller's PATH says.
    public static let searchPath = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/libexec/podman",
        "/usr/local/libexec/podman", "/usr/lib/podman",
    ]

    /// PATH alone, so that the caller's environment decides nothing in what runs as root.
    public static let minimalEnvironment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]

    /// The absolute path of an executable by name, or nil.
    public static func find(_ name: String) -> String? {
        if name.hasPrefix("/") { return isExecutable(name) ? name : nil }
        return searchPath.lazy.map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    private static func isExecutable(_ path: String) -> Bool {
        unsafe access(path, X_OK) == 0
    }

    /// Starts the program.
    ///
    /// - Throws: the `Errno` of whatever failed in the child before the program ran, execve(2) included.
    public func start() throws(Errno) -> ChildProcess {
        guard outlivesSession, let group = SurvivorCgroup.needed() else { return try spawn() }
        do throws(Errno) {
            return try spawn(into: group.directory)
        } catch {
            // v1 has no such call, nor has a kernel before 5.7. What else is wrong will be wrong again.
            return try spawn(entering: group.processes)
        }
    }

    private func spawn(into cgroup: Int32 = -1, entering processes: Int32 = -1) throws(Errno) -> ChildProcess {
        var child: Int32 = 0
        let sources = descriptors.map { $0 ?? -1 }
        // SAFETY: every pointer in the plan lives until clinux_spawn returns, by when the child has left our memory.
        let code = unsafe withCStrings([path] + arguments) { arguments in
            unsafe withCStrings(environment) { environment in
                unsafe withOptionalCString(directory) { directory in
                    unsafe path.withCString { path in
                        unsafe sources.withUnsafeBufferPointer { sources in
                            var plan = unsafe clinux_spawn_plan(
                                path: path, arguments: arguments, environment: environment, directory: directory,
                                sources: sources.baseAddress, count: Int32(sources.count),
                                new_session: outlivesSession ? 1 : 0, reset_signals: 1,
                                cgroup: cgroup, cgroup_procs: processes)
                            return unsafe clinux_spawn(&plan, &child)
                        }
                    }
                }
            }
        }
        guard code == 0 else { throw Errno(rawValue: code) }
        return ChildProcess(pid: child)
    }

    /// Runs the program to its end: feeds `input`, collects what it writes.
    ///
    /// Both outputs are drained while the program runs, so none can block it, and input is written from a thread
    /// of its own, so that a program that answers before it has read everything cannot block us.
    public func run(input: [UInt8] = []) throws -> ProgramOutput {
        let output = try Pipe()
        let errors = try Pipe()
        let feed = try Pipe()
        var program = self
        program.descriptors[0] = feed.readEnd.raw
        program.descriptors[1] = output.writeEnd.raw
        program.descriptors[2] = errors.writeEnd.raw
        let child = try program.start()
        let writer = try feed.writing(input)
        let outputEnd = output.closingWriteEnd()
        let errorEnd = errors.closingWriteEnd()
        let (collected, collectedErrors) = try drain(outputEnd, errorEnd)
        // The program may end without reading all of its input; its exit code then says whether that matters.
        _ = try? writer.join()
        return ProgramOutput(exitCode: try child.wait(), output: collected, errorOutput: collectedErrors)
    }
}

extension Pipe {
    /// Closes the read end and starts a thread that writes everything and then closes the write end.
    fileprivate consuming func writing(_ bytes: [UInt8]) throws -> ThreadBound<Void> {
        let raw = closingReadEnd().release()
        return try ThreadBound {
            let end = OwnedFD(adopting: raw)
            try end.write(all: bytes)
        }
    }

    fileprivate consuming func closingReadEnd() -> OwnedFD { writeEnd }
    fileprivate consuming func closingWriteEnd() -> OwnedFD { readEnd }
}

/// Reads two pipes to their ends at once.
private func drain(_ first: borrowing OwnedFD, _ second: borrowing OwnedFD) throws(Errno) -> ([UInt8], [UInt8]) {
    var collected: ([UInt8], [UInt8]) = ([], [])
    var open = [
        pollfd(fd: first.raw, events: Int16(POLLIN), revents: 0),
        pollfd(fd: second.raw, events: Int16(POLLIN), revents: 0),
    ]
    while open.contains(where: { $0.fd >= 0 }) {
        // SAFETY: poll writes `revents` of the two entries only.
        try syscall { unsafe open.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, -1) } }
        if open[0].revents != 0 {
            let bytes = try first.read(upTo: 65536)
            if bytes.isEmpty { open[0].fd = -1 } else { collected.0 += bytes }
        }
        if open[1].revents != 0 {
            let bytes = try second.read(upTo: 65536)
            if bytes.isEmpty { open[1].fd = -1 } else { collected.1 += bytes }
        }
    }
    return collected
}

/// Lends a NULL-terminated vector of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    // SAFETY: strdup's copies and the vector live until `body` has returned.
    var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeMutableBufferPointer {
        unsafe body(UnsafePointer($0.baseAddress.unsafelyUnwrapped))
    }
}

private func withOptionalCString<Result>(_ string: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let string else { return body(nil) }
    return unsafe string.withCString { unsafe body($0) }
}
