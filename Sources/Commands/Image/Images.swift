internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate

/// `images`: the images that are here.
struct Images: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "images", abstract: "List images.")

    /// What `--sort` can go by.
    enum Order: String, CaseIterable {
        case created, id, repository, size, tag
    }

    @Flag(name: .shortAndLong, help: "All images, those without a name that others were built on, too.")
    var all = false

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp(
            "after=, before=, containers=, dangling=, id=, intermediate=, label=, readonly=, reference=, since= or "
                + "until=; != for the opposite.", valueName: "filter"))
    var filter: [String] = []

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Flag(name: .long, help: "Show all names that the images have or had here.")
    var history = false

    @Flag(name: .long, help: "Show whole ids.")
    var noTrunc = false

    @Flag(name: [.customShort("n"), .long], help: "Leave out the header.")
    var noheading = false

    @Flag(name: .shortAndLong, help: "Print ids only.")
    var quiet = false

    @Flag(name: .long, help: "Show the manifests' digests.")
    var digests = false

    @Option(name: .long, help: ArgumentHelp("created, id, repository, size or tag.", valueName: "key"))
    var sort = "created"

    @Argument(help: "Only images with a name like this.")
    var name: String?

    func run() throws {
        guard let order = Order(rawValue: sort) else {
            let orders = Order.allCases.map(\.rawValue).joined(separator: ", ")
            throw EngineError("\"\(sort)\" is not a valid field for sorting. Choose from: \(orders)")
        }
        let engine = try Invocation.engine(repairing: false)
        let format = Rendering.Format(format)
        let lines = try chosen(engine, format).flatMap(ImageLine.of).sorted(by: order)
        if case .json = format {
            return Output.line(Value.array(lines.map { ImageDocument.listed($0.image) }).json(indent: "    "))
        }
        if quiet {
            var seen: Set<String> = []
            let ids = lines.map(\.image.id).filter { seen.insert($0).inserted }
            Output.text(ids.map { (noTrunc ? "sha256:\($0)" : String($0.prefix(12))) + "\n" }.joined())
            return
        }
        var columns = [("REPOSITORY", "{{.Repository}}"), ("TAG", "{{.Tag}}")]
        if digests { columns.append(("DIGEST", "{{.Digest}}")) }
        columns += [("IMAGE ID", "{{.ID}}"), ("CREATED", "{{.Created}}"), ("SIZE", "{{.Size}}")]
        if history { columns.append(("HISTORY", "{{.History}}")) }
        let truncated = !noTrunc
        try Rendering.list(
            lines.lazy.map { ImageDocument.row($0, truncated: truncated) }, format: format, columns: columns,
            headings: ["ID": "IMAGE ID"], heading: !noheading)
    }

    private func chosen(_ engine: Engine, _ format: Rendering.Format) throws -> [ImageSummary] {
        // A filter may have several with commas between, as Podman's flag has it.
        var filters = filter.flatMap { $0.split(separator: ",").map(String.init) }
        if let name {
            guard filter.isEmpty else { throw EngineError("cannot specify an image and a filter(s)") }
            filters.append("reference=\(name)")
        }
        if !all { filters.append("intermediate=false") }
        var needsDetails = history || filters.contains { $0.hasPrefix("label") }
        switch format {
        case .table: break
        case .json: needsDetails = true
        case .template, .tableTemplate: needsDetails = needsDetails || !quiet
        }
        let wanted = try ImageFilter(filters, engine)
        return try engine.imageList(details: needsDetails).filter(wanted.matches)
    }
}

/// One line of `images`: an image under one of its names. A class, for a row's fields each keep it until they are asked
/// for, and a copy of all that it has would take longer than to print it.
final class ImageLine: Sendable {
    let image: ImageSummary
    let repository: String
    let tag: String

    private init(_ image: ImageSummary, _ repository: String, _ tag: String) {
        (self.image, self.repository, self.tag) = (image, repository, tag)
    }

    /// The lines of an image: one for each name, or one of `<none>`.
    static func of(_ image: ImageSummary) -> [ImageLine] {
        var names = image.names.map(split)
        if names.isEmpty {
            let repositories = Set(image.digestNames.compactMap { $0.split(separator: "@").first.map(String.init) })
            names = repositories.sorted().map { ($0, "<none>") }
        }
        return (names.isEmpty ? [("<none>", "<none>")] : names).map { ImageLine(image, $0, $1) }
    }

    private static func split(_ name: String) -> (String, String) {
        // A colon after the last slash begins the tag; one before it belongs to the registry's port.
        let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) ?? name.startIndex
        guard let colon = name.utf8[slash...].lastIndex(of: UInt8(ascii: ":")) else { return (name, "<none>") }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }
}

extension [ImageLine] {
    /// In Podman's order; lines that are alike in it stay as they are, newest first.
    fileprivate func sorted(by order: Images.Order) -> Self {
        func sorted<Key: Comparable>(_ key: (ImageLine) -> Key) -> Self {
            enumerated().sorted { (key($0.element), $0.offset) < (key($1.element), $1.offset) }.map(\.element)
        }
        return switch order {
        case .created: self
        case .id: sorted(\.image.id)
        case .repository: sorted(\.repository)
        case .size: sorted(\.image.size)
        case .tag: sorted(\.tag)
        }
    }
}
