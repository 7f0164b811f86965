internal import LinuxSys

/// conmon, started: the descriptors by which it reports and is told to go on.
///
/// conmon waits for a first message before it does anything, so that it can be put into a cgroup; it then forks,
/// and what was started ends.
struct MonitorLaunch: ~Copyable {
    private let sync: OwnedFD
    let start: PeerSocket
    private let attach: OwnedFD

    /// The numbers that conmon has its descriptors at; what it is to hold comes after them.
    private static let syncNumber = 3
    private static let startNumber = 4
    private static let attachNumber = 5

    /// Starts conmon and returns when it has gone into the background.
    ///
    /// - Throws: `RuntimeFailure` with what conmon wrote, when it did not get that far.
    init(program base: Program, attach wanted: Bool, held: [Int32]) throws(RuntimeFailure) {
        do {
            let sync = try Pipe()
            let attach = try Pipe()
            let errors = try Pipe()
            let start = try PeerSocketPair()
            var program = base
            program.environment += ["_OCI_SYNCPIPE=\(Self.syncNumber)", "_OCI_STARTPIPE=\(Self.startNumber)"]
            if wanted { program.environment.append("_OCI_ATTACHPIPE=\(Self.attachNumber)") }
            program.descriptors =
                [nil, nil, errors.writeEnd.raw, sync.writeEnd.raw, start.theirs.raw]
                + [wanted ? attach.writeEnd.raw : nil] + held
            let child = try program.start()
            let errorEnd = errors.keepingReadEnd()
            let syncEnd = sync.keepingReadEnd()
            let attachEnd = attach.keepingReadEnd()
            let startEnd = start.closingTheirs()
            MonitorCgroup.leaveSession(child.pid)
            _ = try startEnd.send([0])
            let code = try child.wait()
            if code != 0 { throw Self.refused(code, try errorEnd.read(upTo: 65536)) }
            self.sync = syncEnd
            self.start = startEnd
            self.attach = attachEnd
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
        return ReadyMonitor(channel: SyncChannel(sync), start: start)
    }
}

/// conmon with its attach socket open, before it has the runtime start anything.
struct ReadyMonitor: ~Copyable {
    var channel: SyncChannel
    let start: PeerSocket
}

/// The cgroup that keeps monitors when the caller's session or service is stopped.
enum MonitorCgroup {
    /// systemd kills by cgroup, in one hierarchy: in that one alone conmon moves, and only if it is in a cgroup
    /// that could be killed. A host without systemd has it at the top already.
    static func leaveSession(_ pid: Int32) {
        let root = "/sys/fs/cgroup"
        let unified = ContainerCgroups.isUnified(root)
        let hierarchy = unified ? root : "\(root)/systemd"
        let controller = unified ? "0::" : "name=systemd:"
        // Where conmon runs is a kindness: it must not fail because the cgroup cannot be read or written.
        guard let text = try? File.readText("/proc/self/cgroup", limit: 1 << 16) else { return }
        let own = text.split(separator: "\n").first { line in
            unified ? line.hasPrefix(controller) : line.contains(":\(controller)")
        }
        guard let own, let path = own.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last,
            path != "/", !path.hasPrefix("\(ContainerCgroups.defaultParent)/\(ContainerCgroups.monitorName)")
        else { return }
        let target = "\(hierarchy)\(ContainerCgroups.defaultParent)/\(ContainerCgroups.monitorName)"
        // As above: a kindness.
        try? File.makeDirectories(target, mode: 0o755)
        // As above.
        try? OwnedFD.open("\(target)/cgroup.procs", .write).write(all: "\(pid)")
    }
}
