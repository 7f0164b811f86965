internal import ContainerStorage
public import OCISpec

/// An image that is here, as lists show it. Nothing of it is read from the image's documents.
public struct ImageSummary: Sendable {
    /// The configuration's digest: 64 hexadecimal digits.
    public var id: String
    /// The names that lead to it, fully qualified and sorted.
    public var names: [String]
    /// The names with a digest that it was pulled by, `NAME@sha256:…`; the digest may be an index's.
    public var digestNames: [String]
    /// The manifest's digest, `sha256:…`.
    public var manifestDigest: String
    /// Bytes, as Podman counts them.
    public var size: Int64
    /// When it was made, in nanoseconds since 1970; nil if it does not say.
    public var created: Int64?
    /// How many containers were made of it.
    public var containers: Int
    /// Its labels; nil if it has none, or they were not asked for.
    public var labels: [String: String]?
    /// All names that it has or had, the newest first; empty if they were not asked for.
    public var pastNames: [String] = []
    /// The id of the image that it was built on, if that is here; nil if it was not asked for.
    public var parent: String?
    /// Whether other images were built on it; false if that was not asked for and it has a name.
    public var hasChildren = false

    /// Whether it has no name at all.
    public var isNameless: Bool { names.isEmpty && digestNames.isEmpty }

    /// Whether nothing but other images leads to it.
    public var isIntermediate: Bool { isNameless && hasChildren }

    /// Whether nothing leads to it.
    public var isDangling: Bool { isNameless && !hasChildren }

    /// `NAME@DIGEST`, for each repository that has a name here.
    public var repositoryDigests: [String] {
        let repositories = names.map { name -> String in
            let slash = name.lastIndex(of: "/") ?? name.startIndex
            guard let colon = name[slash...].lastIndex(of: ":") else { return name }
            return String(name[..<colon])
        }
        return Set(repositories.map { "\($0)@\(manifestDigest)" } + digestNames).sorted()
    }
}

/// An image that is here, with what its documents say. What lists show of it is a property of this, too.
@dynamicMemberLookup
public struct ImageRecord: Sendable {
    /// What lists show.
    public var summary: ImageSummary
    /// The manifest's media type.
    public var manifestType: String
    /// What the image says of itself.
    public var configuration: ImageConfiguration
    /// The directories of its layers, the lowest first.
    public var layerPaths: [String]

    /// A property of the summary.
    public subscript<Value>(dynamicMember property: KeyPath<ImageSummary, Value>) -> Value {
        summary[keyPath: property]
    }
}
