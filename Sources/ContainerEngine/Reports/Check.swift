internal import ContainerNetwork
internal import ContainerRuntime
internal import ContainerStorage
internal import LinuxSys
internal import OCISpec
internal import WirePrimitives

/// Something that is not as it must be.
public struct CheckFinding: Sendable, Hashable {
    /// Which invariant does not hold, in a word or two.
    public var invariant: String
    /// The thing, and what is wrong with it.
    public var message: String
}

extension Engine {
    /// Compares the state with kernel and disk.
    ///
    /// - Returns: everything that does not agree, in a fixed order; empty if all is well.
    public func check() throws -> [CheckFinding] {
        let records = try store.containers()
        var findings: [CheckFinding] = []
        func report(_ invariant: String, _ messages: [String]) {
            findings += messages.map { CheckFinding(invariant: invariant, message: $0) }
        }
        report("database", try checkDatabases())
        report(
            "orphan",
            try store.orphans().map { "container \($0.prefix(12)) was left half done by a command that was killed" })
        report("process", try checkProcesses(records))
        report("namespace", checkNamespaces(records))
        report("namespace", try strayNamespaces(records).map { "\($0) is of no container" })
        report("link", try strayLinks().map { "\($0.description) is on a bridge of ours, but of no container" })
        for network in try networkFiles.load().networks {
            report(
                "address",
                try BridgePorts.missingGateways(of: network).map { "\($0) is missing on the bridge of \(network.name)" }
            )
        }
        report("lease", try checkLeases())
        report("firewall", try checkFirewall())
        report("cgroup", try checkCgroups(records))
        report("mount", try checkMounts(records))
        report("image", try checkImages())
        report("volume", try strayVolumes().map { "volume \($0) is there, but the state does not know it" })
        report("file", try strayFiles().map { "\($0) is of no image, container or command" })
        report("container directory", try checkDirectories(records))
        report("mode", try checkModes())
        return findings
    }

    /// Puts right what `check` found, as far as it can be.
    public func repair(_ findings: [CheckFinding]) throws {
        for record in try store.containers() { try settleLocked(record.id) }
        let records = try store.containers()
        let cgroups = try ContainerCgroups()
        for id in try strayCgroups(records) {
            _ = try cgroups.kill(id)
            try cgroups.remove(id)
        }
        for id in try strayMounts(records) { try Launcher(self).unmount(container: id) }
        for id in try strayDirectories(records).map(\.id) { try removeFiles(of: id) }
        try store.database.transaction {
            for table in ["leases", "ports", "attachments", "runs"] {
                try store.database.query("DELETE FROM run.\(table) WHERE container NOT IN (SELECT id FROM containers)")
            }
        }
        if try ownsNetwork() { try project(families: [.ipv4, .ipv6]) }
        for network in try networkFiles.load().networks { try BridgePorts.restoreGateways(of: network) }
        for path in try strayNamespaces(records) { try NetworkNamespace.remove(at: path) }
        for name in try strayLinks() { try BridgePorts.delete(name) }
        for name in try strayVolumes() {
            try store.database.query(
                "INSERT OR IGNORE INTO volumes (name, created, anonymous) VALUES (?1, ?2, 0)",
                [.text(name), .integer(Clock.now)])
        }
        for path in try strayFiles() { try File.removeEntry(path) }
        for path in [paths.root, paths.runRoot] { try File.setMode(path, 0o700) }
        try sweepStoreLocked()
    }

    /// Namespaces with a name such as ours that no container has. Podman's have such names, too: where Podman has run
    /// since the boot, they may be its own.
    private func strayNamespaces(_ records: [ContainerRecord]) throws -> [String] {
        guard try ownsNetwork() else { return [] }
        guard !File.exists("/run/libpod"), !File.exists("/run/containers") else { return [] }
        let known = Set(records.compactMap(\.run?.namespacePath))
        return try File.names(in: NetworkNamespace.directory).filter { $0.hasPrefix("netns-") && $0.utf8.count == 42 }
            .map { "\(NetworkNamespace.directory)/\($0)" }.filter { !known.contains($0) }
    }

    /// Whether the host's bridges and rules are this data directory's to judge: those of another would look strayed.
    private func ownsNetwork() throws -> Bool {
        try paths.runRoot == EnginePaths().runRoot || !store.attachments().isEmpty
    }

    private func strayLinks() throws -> [InterfaceName] {
        guard try ownsNetwork() else { return [] }
        let known = Set(try store.attachments().compactMap(\.hostInterface))
        let bridges = Set(
            try networkFiles.load().networks.filter(\.isManagedBridge).compactMap(\.networkInterface)
        ).compactMap {
            InterfaceName($0)
        }
        return try bridges.sorted().flatMap { try BridgePorts.names(of: $0) }.filter { !known.contains($0) }
    }

    /// Volumes that the state does not know. What is in them is somebody's: they are taken in, never removed.
    private func strayVolumes() throws -> [String] {
        let known = Set(try store.database.query("SELECT name FROM volumes").map { $0.text(0) })
        return try File.names(in: "\(paths.root)/volumes").filter { !known.contains($0) }
    }

    /// Blobs that no image has, and what dead commands left among the temporary files and in the trash.
    private func strayFiles() throws -> [String] {
        guard try store.database.query("SELECT 1 FROM store_changes").isEmpty else { return [] }
        let wanted = Set(try wantedBlobs().map { $0.dropFirst("sha256:".count) })
        let blobs = "\(paths.root)/blobs/sha256"
        var found = try File.names(in: blobs).filter { !wanted.contains($0[...]) }.map { "\(blobs)/\($0)" }
        for directory in ["\(paths.root)/tmp", "\(paths.root)/trash"] {
            found += try File.names(in: directory).map { "\(directory)/\($0)" }
        }
        return found
    }

    private func settleLocked(_ id: String) throws {
        let lock = try lock(id)
        defer { unlock(lock, id) }
        try settle(id)
        try store.disown(id)
    }

    private func sweepStoreLocked() throws {
        let lock = try FileLock("\(paths.root)/images.lock")
        defer { lock.release() }
        try sweepStore()
    }

    private func checkDatabases() throws -> [String] {
        var found: [String] = []
        for name in ["main", "run"] {
            let rows = try store.database.query("PRAGMA \(name).integrity_check").map { $0.text(0) }
            if rows != ["ok"] { found += rows.map { "\(name): \($0)" } }
        }
        found += try store.database.query("PRAGMA main.foreign_key_check").map {
            "a row of \($0.text(0)) refers to one that is not there"
        }
        return found
    }

    private func checkProcesses(_ records: [ContainerRecord]) throws -> [String] {
        try records.compactMap { record in
            switch (record.state, record.run) {
            case (.running, nil):
                return "container \(record.spec.name) is said to run, but nothing of a run is recorded"
            case (.running, let run?) where run.state == .running:
                guard try run.initProcess?.isAlive() != true else { return nil }
                return "container \(record.spec.name) is said to run, but its process has ended"
            default: return nil
            }
        }
    }

    private func checkNamespaces(_ records: [ContainerRecord]) -> [String] {
        records.compactMap { record in
            guard record.isRunning, let path = record.run?.namespacePath, !File.exists(path) else { return nil }
            return "the namespace of container \(record.spec.name), \(path), is gone"
        }
    }

    private func checkLeases() throws -> [String] {
        try store.database.query(
            "SELECT network, address, container FROM run.leases WHERE container NOT IN (SELECT container FROM run.runs)"
        ).map { "\($0.text(1)) on \($0.text(0)) is leased to \($0.text(2).prefix(12)), which does not run" }
    }

    private func checkFirewall() throws -> [String] {
        let attached = try store.attachedContainers()
        guard !attached.isEmpty else { return [] }
        return try IptablesBackend().differences(attached, dnsPort: try store.namesPort()).flatMap { change in
            // A chain that is missing shows by its rules.
            change.commands.filter { if case .newChain = $0 { false } else { true } }
                .map { "\(change.family) \(change.table): not loaded: \($0)" }
        }
    }

    /// Control groups of containers that do not run. One of a container that this data directory does not know, with
    /// a process in it, is another data directory's.
    private func strayCgroups(_ records: [ContainerRecord]) throws -> [String] {
        let cgroups = try ContainerCgroups()
        let running = Set(records.filter { $0.run != nil }.map(\.id))
        let known = Set(records.map(\.id))
        return try cgroups.identifiers().filter { id in
            try !running.contains(id) && (known.contains(id) || cgroups.processes(id).isEmpty)
        }
    }

    private func checkCgroups(_ records: [ContainerRecord]) throws -> [String] {
        try strayCgroups(records).map { "\($0.prefix(12)) has a control group, but does not run" }
    }

    private func strayMounts(_ records: [ContainerRecord]) throws -> [String] {
        let running = Set(records.filter { $0.run != nil }.map(\.id))
        return try mountPoints(below: "\(paths.containers)/").map { String($0.prefix(64)) }
            .filter { !running.contains($0) }
    }

    /// Where something is mounted below a directory, each without that directory's path.
    func mountPoints(below prefix: String) throws -> [String] {
        try File.readText("/proc/self/mountinfo").split(separator: "\n").compactMap { line in
            let point = line.split(separator: " ").dropFirst(4).first ?? ""
            return point.hasPrefix(prefix) ? String(point.dropFirst(prefix.count)) : nil
        }
    }

    private func checkMounts(_ records: [ContainerRecord]) throws -> [String] {
        try strayMounts(records).map { "the root of container \($0.prefix(12)) is mounted, but it does not run" }
    }

    private func checkImages() throws -> [String] {
        let wanted = try store.database.query("SELECT DISTINCT diff_id FROM image_layers").map { $0.text(0) }
        let there = Set(try storage().layers.all().map(\.description))
        let changing = try !store.database.query("SELECT 1 FROM store_changes").isEmpty
        let missing = wanted.filter { !there.contains($0) }.map { "layer \($0) is missing: load its image again" }
        let unused = changing ? [] : there.subtracting(wanted).sorted().map { "layer \($0) is of no image" }
        return missing + unused
    }

    private func checkDirectories(_ records: [ContainerRecord]) throws -> [String] {
        try strayDirectories(records).map { "\($0.parent)/\($0.id) is of no container" }
    }

    private func strayDirectories(_ records: [ContainerRecord]) throws -> [(parent: String, id: String)] {
        let known = Set(records.map(\.id))
        return try [paths.containers, paths.bundles].flatMap { parent in
            try File.names(in: parent).filter { !known.contains($0) }.map { (parent, $0) }
        }
    }

    private func checkModes() throws -> [String] {
        try [paths.root, paths.runRoot].compactMap { path in
            guard File.exists(path), try File.identity(path).mode & 0o077 != 0 else { return nil }
            return "\(path) is open to other users: it must have mode 0700"
        }
    }
}
