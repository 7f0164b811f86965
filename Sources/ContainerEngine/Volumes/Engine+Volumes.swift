internal import ContainerStorage
internal import FoundationEssentials
internal import LinuxSys

/// A volume: a directory that outlives containers.
public struct VolumeRecord: Sendable {
    /// Its name.
    public var name: String
    /// When it was made, in nanoseconds since 1970.
    public var created: Int64
    /// Whether it was made for one container, and goes with it.
    public var isAnonymous: Bool
    /// `--label`.
    public var labels: [String: String]
    /// The directory on the host that is mounted into containers.
    public var path: String
    /// The containers that have it, by id; whether or not they run.
    public var containers: [String]
}

extension Engine {
    /// Every volume, by name.
    public func volumes() throws -> [VolumeRecord] {
        try store.database.query(
            """
            SELECT v.name, v.created, v.anonymous, v.labels,
                (SELECT group_concat(c.container) FROM container_volumes c WHERE c.volume = v.name)
            FROM volumes v ORDER BY v.name
            """
        ).map { row in
            VolumeRecord(
                name: row.text(0), created: row.integer(1), isAnonymous: row.integer(2) != 0,
                labels: try JSONDecoder().decode([String: String].self, from: Data(row.text(3).utf8)),
                path: try storage().volumes.contentPath(row.text(0)),
                containers: row.text(4).split(separator: ",").map(String.init))
        }
    }

    /// The volume of this name, or with a unique beginning of it.
    ///
    /// - Throws: `EngineError` of kind `.noSuchVolume`.
    public func volume(_ name: String) throws -> VolumeRecord {
        let all = try volumes()
        if let exact = all.first(where: { $0.name == name }) { return exact }
        let found = all.filter { !name.isEmpty && $0.name.hasPrefix(name) }
        if found.count > 1 {
            throw EngineError("more than one result for volume name \"\(name)\": volume already exists")
        }
        guard let volume = found.first else {
            throw EngineError("no volume with name \"\(name)\" found: no such volume", kind: .noSuchVolume)
        }
        return volume
    }

    /// Makes a volume.
    ///
    /// - Parameters:
    ///   - name: its name; made up if nil.
    ///   - labels: its labels.
    /// - Returns: its name.
    /// - Throws: `EngineError` of kind `.nameInUse` when there is one of that name.
    public func createVolume(_ name: String?, labels: [String: String]) throws -> String {
        let name = name ?? RandomBytes.hexadecimal(32)
        try VolumeStore.check(name: name)
        let text = String(decoding: try JSONEncoder.forState.encode(labels), as: UTF8.self)
        try store.database.transaction {
            guard try store.database.query("SELECT 1 FROM volumes WHERE name = ?1", [.text(name)]).isEmpty else {
                throw EngineError("volume with name \(name) already exists: volume already exists", kind: .nameInUse)
            }
            try store.database.query(
                "INSERT INTO volumes (name, created, anonymous, labels) VALUES (?1, ?2, 0, ?3)",
                [.text(name), .integer(Clock.now), .text(text)])
            // Killed before the commit, this leaves an empty directory, which the next of that name takes.
            try storage().volumes.create(name)
        }
        return name
    }

    /// Removes a volume with its content.
    ///
    /// - Parameters:
    ///   - name: its name, or a unique beginning of it.
    ///   - force: whether containers that have it are removed first.
    ///   - timeout: seconds between such a container's stop signal and SIGKILL; its own if nil.
    /// - Throws: `EngineError` of kind `.noSuchVolume`, or `.inUse` when a container has it.
    public func removeVolume(_ name: String, force: Bool, timeout: Int64? = nil) throws {
        let volume = try volume(name)
        if force {
            for id in try removalOrder(volume.containers, including: true) {
                try remove(id, force: true, timeout: timeout, volumes: false)
            }
        }
        try store.database.transaction {
            let users = try store.database.query(
                "SELECT container FROM container_volumes WHERE volume = ?1", [.text(volume.name)])
            guard users.isEmpty else {
                throw EngineError(
                    "volume \(volume.name) is being used by the following container(s): "
                        + "\(users.map { $0.text(0) }.joined(separator: ", ")): volume is being used", kind: .inUse)
            }
            // As long as the transaction lasts, nobody else begins to use it. Killed here, the row stays, and the name
            // with it: it can be removed again.
            try storage().volumes.remove(volume.name)
            try store.database.query("DELETE FROM volumes WHERE name = ?1", [.text(volume.name)])
        }
    }
}
