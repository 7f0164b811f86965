internal import FoundationEssentials
internal import LinuxSys

/// Both state databases on one connection: `main` is what must last, `run` what a reboot ends.
///
/// For one thread at a time, as the connection is.
final class StateStore {
    let database: Database
    let paths: EnginePaths
    /// This process, as rows that it owns name it.
    let owner: String

    init(_ paths: EnginePaths) throws {
        self.paths = paths
        owner = try ProcessIdentity.current().description
        let isNew = !File.exists(paths.state) || !File.exists(paths.run)
        if isNew {
            for directory in [
                paths.root, paths.runRoot, paths.locks, paths.exits, paths.bundles, "\(paths.runRoot)/tmp",
            ] {
                try File.makeDirectories(directory)
            }
            _ = try OwnedFD.open("\(paths.root)/images.lock", [.write, .create])
            // The two roots may have been made by somebody else, for everybody to read.
            for directory in [paths.root, paths.runRoot] { try File.setMode(directory, 0o700) }
        }
        database = try Database(paths.state)
        // NORMAL would lose the last commits in a power cut; FULL keeps every acknowledged one.
        try database.execute(
            """
            PRAGMA main.journal_mode = WAL; PRAGMA main.synchronous = FULL; PRAGMA foreign_keys = ON;
            ATTACH '\(paths.run.replacing("'", with: "''"))' AS run;
            PRAGMA run.journal_mode = WAL; PRAGMA run.synchronous = OFF;
            """)
        if isNew { for file in [paths.state, paths.run] { try File.setMode(file, 0o600) } }
        try Schema.migrate(database, "main", Schema.persistent)
        try Schema.migrate(database, "run", Schema.volatile)
        try noticeReboot()
    }

    /// Empties `run.sqlite` if it is of an earlier boot; `/run` need not be a tmpfs.
    private func noticeReboot() throws {
        let boot = try ProcessIdentity.currentBootID()
        if try database.query("SELECT 1 FROM run.boot WHERE id = ?1", [.text(boot)]).first != nil { return }
        try database.transaction {
            let stamped = try database.query("SELECT id FROM run.boot").first?.text(0)
            guard stamped != boot else { return }
            for table in [
                "runs", "attachments", "leases", "last_addresses", "ports", "exit_codes", "attached_networks", "boot",
            ] {
                try database.execute("DELETE FROM run.\(table)")
            }
            try database.query("INSERT INTO run.boot VALUES (?1)", [.text(boot)])
            // A container with --rm goes with its end; a row without a living owner is the next command's to settle.
            try database.query(
                """
                UPDATE containers SET state = 'removing', owner = 'an earlier boot'
                WHERE state = 'running' AND json_extract(CAST(spec AS TEXT), '$.autoRemove')
                """)
            // What ran then has ended; nobody saw how.
            try database.query(
                "UPDATE containers SET state = 'exited', exit_code = 255, finished = ?1, owner = NULL WHERE state = 'running'",
                [.integer(Clock.now)])
        }
        for directory in [paths.exits, paths.bundles, "\(paths.runRoot)/exec", paths.runtimeState] {
            for name in try File.names(in: directory) { try File.removeEntry("\(directory)/\(name)") }
        }
    }

    // MARK: Containers

    private static let containerColumns = """
        SELECT c.spec, c.state, c.started, c.finished, c.exit_code, r.state, r.netns, r.init, r.monitor
        FROM containers c LEFT JOIN run.runs r ON r.container = c.id
        """

    private func record(_ row: DatabaseRow) throws -> ContainerRecord {
        ContainerRecord(
            spec: try JSONDecoder().decode(ContainerSpec.self, from: Data(row.bytes(0))),
            state: ContainerState(rawValue: row.text(1)) ?? .exited,
            started: row.optionalInteger(2), finished: row.optionalInteger(3),
            exitCode: row.optionalInteger(4).map { Int32(truncatingIfNeeded: $0) },
            run: RunRecord.State(rawValue: row.text(5)).map { state in
                RunRecord(
                    state: state, namespacePath: row.optionalText(6),
                    initProcess: ProcessIdentity(row.text(7)), monitor: ProcessIdentity(row.text(8)))
            })
    }

    /// Every container, oldest first.
    func containers() throws -> [ContainerRecord] {
        try containers(where: "1", [])
    }

    func containers(where condition: String, _ parameters: [DatabaseValue]) throws -> [ContainerRecord] {
        try database.query("\(Self.containerColumns) WHERE \(condition) ORDER BY c.created, c.id", parameters).map(
            record)
    }

    /// The container with this full id.
    func container(id: String) throws -> ContainerRecord? {
        try database.query("\(Self.containerColumns) WHERE c.id = ?1", [.text(id)]).first.map(record)
    }

    /// Whether there is a container with this full id.
    func hasContainer(_ id: String) throws -> Bool {
        try !database.query("SELECT 1 FROM containers WHERE id = ?1", [.text(id)]).isEmpty
    }

    /// The one container with this name, full id, or unique beginning of an id.
    ///
    /// - Throws: `EngineError` when there is none, or the beginning is of several.
    func container(_ reference: String) throws -> ContainerRecord {
        let rows = try database.query(
            "\(Self.containerColumns) WHERE c.name = ?1 OR c.id = ?1", [.text(reference)])
        if let row = rows.first { return try record(row) }
        let isPrefix = !reference.isEmpty && reference.utf8.allSatisfy { $0.isLowercaseHexDigit }
        let matches =
            isPrefix
            ? try database.query(
                "\(Self.containerColumns) WHERE c.id >= ?1 AND c.id < ?2 LIMIT 2",
                [.text(reference), .text(reference + "g")]) : []
        if matches.count > 1 {
            throw EngineError("more than one result for container ID \(reference): give more digits of the ID")
        }
        guard let row = matches.first else {
            throw EngineError(
                "no container with name or ID \"\(reference)\" found: no such container", kind: .noSuchContainer)
        }
        return try record(row)
    }

    /// Adds the row of a container that this process is making.
    ///
    /// - Throws: `EngineError` of kind `.nameInUse`, naming the container that has the name.
    func insertContainer(_ spec: ContainerSpec) throws {
        if let holder = try database.query("SELECT id FROM containers WHERE name = ?1", [.text(spec.name)]).first {
            throw EngineError(
                "the container name \"\(spec.name)\" is already in use by \(holder.text(0)). "
                    + "You have to remove that container to be able to reuse that name: that name is already in use",
                kind: .nameInUse)
        }
        try database.query(
            "INSERT INTO containers (id, name, image, state, owner, created, spec) VALUES (?1, ?2, ?3, 'creating', ?4, ?5, ?6)",
            [
                .text(spec.id), .text(spec.name), spec.imageID.isEmpty ? .null : .text(spec.imageID), .text(owner),
                .integer(spec.created), .blob(Array(try JSONEncoder.forState.encode(spec))),
            ])
    }

    /// Moves a container to a state; `owned` says whether this process goes on changing it.
    func setState(_ id: String, _ state: ContainerState, owned: Bool = false) throws {
        try database.query(
            "UPDATE containers SET state = ?2, owner = ?3 WHERE id = ?1",
            [.text(id), .text(state.rawValue), owned ? .text(owner) : .null])
    }

    func setStarted(_ id: String, at time: Int64) throws {
        try database.query(
            "UPDATE containers SET state = 'running', owner = NULL, started = ?2, finished = NULL, exit_code = NULL WHERE id = ?1",
            [.text(id), .integer(time)])
    }

    func setExited(_ id: String, code: Int32, at time: Int64) throws {
        try database.query(
            "UPDATE containers SET state = 'exited', owner = NULL, finished = ?3, exit_code = ?2 WHERE id = ?1 AND state <> 'removing'",
            [.text(id), .integer(Int64(code)), .integer(time)])
    }

    /// Makes a container that was to be removed one that has ended, as if it had never been.
    func setEnded(_ id: String) throws {
        try database.query(
            """
            UPDATE containers SET state = 'exited', owner = NULL,
            exit_code = coalesce((SELECT code FROM run.exit_codes WHERE container = ?1), exit_code, 255),
            finished = coalesce((SELECT at FROM run.exit_codes WHERE container = ?1), finished, ?2) WHERE id = ?1
            """, [.text(id), .integer(Clock.now)])
    }

    func deleteContainer(_ id: String) throws {
        try database.query("DELETE FROM containers WHERE id = ?1", [.text(id)])
    }

    // MARK: Runs

    func setRun(
        _ id: String, _ state: RunRecord.State, owned: Bool, initProcess: ProcessIdentity? = nil,
        monitor: ProcessIdentity? = nil
    ) throws {
        try database.query(
            """
            UPDATE run.runs SET state = ?2, owner = ?3, init = coalesce(?4, init), monitor = coalesce(?5, monitor)
            WHERE container = ?1
            """,
            [
                .text(id), .text(state.rawValue), owned ? .text(owner) : .null, .optional(initProcess?.description),
                .optional(monitor?.description),
            ])
    }

    /// Forgets everything of a run, once everything that it named is gone.
    func deleteRun(_ id: String) throws {
        try database.transaction {
            for table in ["runs", "attachments", "leases", "ports"] {
                try database.query("DELETE FROM run.\(table) WHERE container = ?1", [.text(id)])
            }
            try forgetUnusedDefinitions()
        }
    }

    /// Containers that a dead process was changing; the youngest first, so that none goes before one that needs it.
    func orphans() throws -> [String] {
        try database.query(
            """
            SELECT o.id, o.owner FROM (
            SELECT id, owner FROM containers WHERE owner IS NOT NULL
            UNION SELECT container, owner FROM run.runs WHERE owner IS NOT NULL
            UNION SELECT id, 'nobody' FROM containers WHERE state = 'running' AND id NOT IN (SELECT container FROM run.runs)
            ) o LEFT JOIN containers c ON c.id = o.id ORDER BY c.created DESC
            """
        ).filter { row in try isAbandoned(row.text(1)) }.map { $0.text(0) }
    }

    /// Containers whose first process is gone although nobody has cleaned up: conmon was killed, too, or is about to.
    func unnoticedEnds() throws -> [String] {
        try database.query("SELECT container, init, state FROM run.runs WHERE state <> 'starting' AND owner IS NULL")
            .filter {
                row in
                // Only whether the number is in use: cheap for a hundred containers, and right but for reused numbers.
                guard ["running", "initialized"].contains(row.text(2)), let process = ProcessIdentity(row.text(1))
                else { return true }
                return !File.exists("/proc/\(process.pid)")
            }.map { $0.text(0) }
    }

    /// What a container's process exited with since it was last started, once its end was noticed in this boot.
    func noticedExitCode(_ id: String, since started: Int64?) throws -> Int32? {
        try database.query(
            "SELECT code FROM run.exit_codes WHERE container = ?1 AND at > ?2", [.text(id), .integer(started ?? 0)]
        ).first.map { Int32(truncatingIfNeeded: $0.integer(0)) }
    }

    /// Whether nobody who lives is changing the row that has this owner.
    private func isAbandoned(_ owner: String) throws -> Bool {
        guard owner != self.owner, let identity = ProcessIdentity(owner) else { return owner != self.owner }
        return try !identity.isAlive()
    }

    /// Clears the owner of rows that were put right without a change of state.
    func disown(_ id: String) throws {
        try database.query("UPDATE containers SET owner = NULL WHERE id = ?1 AND owner IS NOT NULL", [.text(id)])
        try database.query("UPDATE run.runs SET owner = NULL WHERE container = ?1 AND owner IS NOT NULL", [.text(id)])
    }

    /// Replaces what a container was asked to be.
    func updateSpec(_ spec: ContainerSpec) throws {
        try database.query(
            "UPDATE containers SET spec = ?2 WHERE id = ?1",
            [.text(spec.id), .blob(Array(try JSONEncoder.forState.encode(spec)))])
    }

    /// Whether a load or a removal of images was cut short.
    func hasAbandonedStoreChange() throws -> Bool {
        try database.query("SELECT owner FROM store_changes").contains { row in try isAbandoned(row.text(0)) }
    }
}

extension JSONEncoder {
    /// Keys sorted, so that the same value gives the same bytes.
    static var forState: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension UInt8 {
    var isLowercaseHexDigit: Bool { (48...57).contains(self) || (97...102).contains(self) }
}
