internal import ContainerStorage
internal import LinuxSys

/// Everything about one volume, for `inspect`.
public struct VolumeInspection: Sendable {
    /// The name.
    public var name: String
    /// When it was made, in nanoseconds since 1970.
    public var created: Int64
    /// Whether it was made for one container, and goes with it.
    public var isAnonymous: Bool
    /// The directory that is mounted.
    public var path: String
}

extension Engine {
    /// Everything about one volume.
    ///
    /// - Throws: `EngineError` of kind `.noSuchVolume`.
    public func volume(_ name: String) throws -> VolumeInspection {
        let rows = try store.database.query(
            "SELECT created, anonymous FROM volumes WHERE name = ?1", [.text(name)])
        guard let row = rows.first else { throw EngineError("no such volume \(name)", kind: .noSuchVolume) }
        return VolumeInspection(
            name: name, created: row.integer(0), isAnonymous: row.integer(1) != 0,
            path: try storage().volumes.contentPath(name))
    }
}
