/// Why a container could not be made, started or asked: one line that a person reads, and the exit code of the
/// command that it ends.
public struct RuntimeFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure.
    public enum Kind: Sendable, CaseIterable {
        /// The program to run is not in the container (exit code 127).
        case commandNotFound
        /// The program to run cannot be run (126).
        case permissionDenied
        /// The runtime refused for another reason (126).
        case runtime
        /// What was asked for the process cannot be, such as a user that the container does not have (126).
        case invalidProcess
        /// conmon, the runtime or a file of theirs is not installed (125).
        case missingProgram
        /// Something took too long (125).
        case timedOut
        /// What was asked for does not exist or contradicts itself (125).
        case invalidArgument
        /// The host failed a system call (125).
        case host
    }

    /// What kind of failure.
    public var kind: Kind
    /// The line, without `Error: `.
    public var message: String

    /// A failure.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The line.
    public var description: String { message }

    /// What the command should exit with: 125 for the engine, 126 and 127 as a shell has them.
    public var exitCode: Int32 {
        switch kind {
        case .commandNotFound: 127
        case .permissionDenied, .runtime, .invalidProcess: 126
        case .missingProgram, .timedOut, .invalidArgument, .host: 125
        }
    }

    /// The controller of a limit whose file is not there, as runc says it: `openat2 /sys/fs/cgroup/…/pids.max: no such file
    /// or directory`.
    private static func missingController(_ line: String) -> String? {
        guard line.lowercased().hasSuffix("no such file or directory") else { return nil }
        let path = line.split(separator: " ").first { $0.hasPrefix("/sys/fs/cgroup/") && $0.hasSuffix(":") }
        guard let file = path?.split(separator: "/").last, let dot = file.firstIndex(of: ".") else { return nil }
        return String(file[..<dot])
    }

    /// What a runtime said, with the words that Podman puts around it.
    ///
    /// Runtimes report by text alone, so text is what decides: the phrases are those of Go's and glibc's errno
    /// messages, as Podman's `getOCIRuntimeError` takes them.
    ///
    /// - Parameters:
    ///   - text: The runtime's message, of one line or several.
    ///   - runtime: Its name, which stands before the message.
    public init(saying text: String, by runtime: String) {
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        func line(with phrases: [String]) -> String? {
            lines.first { line in
                let lower = line.lowercased()
                return phrases.contains { lower.contains($0) }
            }
        }
        if let controller = lines.lazy.compactMap(Self.missingController).first {
            self.init(
                .runtime,
                "\(runtime): the host has no \"\(controller)\" controller here: leave its limit out, or enable it "
                    + "(cgroups(7)): OCI runtime error")
        } else if let line = line(with: ["permission denied", "operation not permitted"]) {
            self.init(.permissionDenied, "\(runtime): \(line): OCI permission denied")
        } else if let line = line(with: ["executable file not found in", "no such file or directory"]) {
            self.init(
                .commandNotFound,
                "\(runtime): \(line): OCI runtime attempted to invoke a command that was not found")
        } else {
            self.init(.runtime, "\(runtime): \(lines.joined(separator: ": ")): OCI runtime error")
        }
    }
}
