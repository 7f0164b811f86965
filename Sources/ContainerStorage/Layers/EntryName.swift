internal import LinuxSys

/// A name of a layer's entry, taken apart once: where it is and what it is called there.
///
/// A leading slash and `.` are dropped, since a layer's root is the container's `/`; `..` is refused.
struct EntryName: Hashable {
    private static let slash = UInt8(ascii: "/")
    /// What marks a name that deletes another: OCI image-spec, layer.md, "Whiteouts".
    private static let whiteoutMark = [UInt8](".wh.")
    /// What marks AUFS's own files, and by tradition the opaque directory.
    private static let metaMark = [UInt8](".wh..wh.")
    private static let opaqueMark = [UInt8](".wh..wh..opq")

    /// The directories on the way; empty at the root.
    let parents: [[UInt8]]
    /// The last component; nil for the root itself.
    let last: [UInt8]?

    init(_ path: [UInt8], limits: LayerLimits) throws(StorageError) {
        guard path.count <= limits.pathBytes else {
            throw .limit("a name of \(path.count) bytes; \(limits.pathBytes) are allowed")
        }
        var components: [[UInt8]] = []
        for part in path.split(separator: Self.slash) {
            let component = Array(part)
            if component == [UInt8](".") { continue }
            if component == [UInt8]("..") { throw .invalid("a name with \"..\" could leave the layer") }
            guard component.count <= limits.componentBytes else {
                throw .limit("a part of the name has \(component.count) bytes; \(limits.componentBytes) are allowed")
            }
            guard !component.contains(0) else { throw .invalid("a name with a NUL byte") }
            components.append(component)
        }
        last = components.popLast()
        parents = components
    }

    /// What the name asks for.
    enum Meaning: Hashable {
        /// The layer's root.
        case root
        /// A file of this name.
        case file([UInt8])
        /// Delete the name in the layers below.
        case whiteout([UInt8])
        /// Hide all that the layers below have in the directory.
        case opaque
        /// AUFS's own files, which mean nothing here.
        case ignored
    }

    func meaning() throws(StorageError) -> Meaning {
        guard let last else { return .root }
        if let hidden = parents.first(where: { $0.starts(with: Self.whiteoutMark) }) {
            if hidden.starts(with: Self.metaMark) { return .ignored }
            throw .invalid("a name below a whiteout")
        }
        guard last.starts(with: Self.whiteoutMark) else { return .file(last) }
        if last == Self.opaqueMark { return .opaque }
        if last.starts(with: Self.metaMark) { return .ignored }
        let hidden = Array(last.dropFirst(Self.whiteoutMark.count))
        guard !hidden.isEmpty, hidden != [UInt8]("."), hidden != [UInt8]("..") else {
            throw .invalid("a whiteout that names nothing")
        }
        return .whiteout(hidden)
    }

    /// The first `count` parents as one relative path for openat2(2).
    func parentPath(_ count: Int) -> [UInt8] {
        Array(parents.prefix(count).joined(separator: CollectionOfOne(Self.slash)))
    }
}
