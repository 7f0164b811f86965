internal import LinuxSys

/// conmon, started: the descriptors by which it reports and is told to go on.
///
/// conmon waits for a first message before it does anything; it then forks, and what was started ends.
struct MonitorLaunch: ~Copyable {
    private let sync: OwnedFD
    let start: PeerSocket
    private let attach: OwnedFD
    /// The runtime's, of a process into the container's cgroups.
    let move: ExpectedCgroupMove

    /// Starts conmon and returns when it has gone into the background.
    ///
    /// - Parameters:
    ///   - base: conmon with its arguments.
    ///   - wanted: Whether it is to say when one can attach.
    ///   - passed: How many of this process's descriptors from 3 on the runtime gets at the same numbers.
    ///   - held: What conmon is to keep open.
    /// - Throws: `RuntimeFailure` with what conmon wrote, when it did not get that far.
    init(program base: Program, attach wanted: Bool, passed: Int32 = 0, held: [Int32]) throws(RuntimeFailure) {
        do {
            let sync = try Pipe()
            let attach = try Pipe()
            let errors = try Pipe()
            let start = try PeerSocketPair()
            var program = base
            // Those of conmon's own come after what is passed, and what it is to hold comes last.
            let first = 3 + passed
            program.environment += ["_OCI_SYNCPIPE=\(first)", "_OCI_STARTPIPE=\(first + 1)"]
            if wanted { program.environment.append("_OCI_ATTACHPIPE=\(first + 2)") }
            if passed > 0 {
                program.arguments += ["--runtime-opt", "--preserve-fds", "--runtime-opt", "\(passed)"]
            }
            program.descriptors =
                [nil, nil, errors.writeEnd.raw] + Array(3..<first) + [sync.writeEnd.raw, start.theirs.raw]
                + [wanted ? attach.writeEnd.raw : nil] + held
            let child = try program.start()
            // Not before: as long as the first move waits, no process can be made in another cgroup.
            let move = ExpectedCgroupMove()
            let errorEnd = errors.keepingReadEnd()
            let syncEnd = sync.keepingReadEnd()
            let attachEnd = attach.keepingReadEnd()
            let startEnd = start.closingTheirs()
            _ = try startEnd.send([0])
            let code = try child.wait()
            if code != 0 { throw Self.refused(code, try errorEnd.read(upTo: 65536)) }
            self.sync = syncEnd
            self.start = startEnd
            self.attach = attachEnd
            self.move = move
        } catch let failure as RuntimeFailure {
            throw failure
        } catch {
            throw RuntimeFailure(.host, "cannot start conmon: \(error)")
        }
    }

    private static func refused(_ code: Int32, _ text: [UInt8]) -> RuntimeFailure {
        let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: ": ")
        return RuntimeFailure(.host, "conmon failed with exit code \(code): \(lines)")
    }

    /// What conmon reports; nothing else can be done with the launch then.
    consuming func channel() -> SyncChannel { SyncChannel(sync) }

    /// Waits until conmon's attach socket is there, and keeps what is needed to go on.
    consuming func attached(until deadline: Deadline) throws(RuntimeFailure) -> ReadyMonitor {
        var announcement = SyncChannel(attach)
        guard try announcement.next(until: deadline) != nil else {
            throw RuntimeFailure(.host, "conmon ended before it was ready")
        }
        return ReadyMonitor(channel: SyncChannel(sync), start: start, move: move)
    }
}

/// conmon with its attach socket open, before it has the runtime start anything.
struct ReadyMonitor: ~Copyable {
    var channel: SyncChannel
    let start: PeerSocket
    let move: ExpectedCgroupMove
}
