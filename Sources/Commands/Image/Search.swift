internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate
internal import OCISpec

/// `search`: images in registries.
struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "search", abstract: "Search registries for images.")

    @OptionGroup var registry: RegistryFlags
    @OptionGroup var credentials: CredentialFlag

    @Flag(name: .long, help: "Show stars, and what is official or automated, too.")
    var compatible = false

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("stars=NUMBER, is-official or is-automated, =true or =false.", valueName: "filter"))
    var filter: [String] = []

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Option(
        name: .long, help: ArgumentHelp("So many of each registry; 0 for as many as Podman shows.", valueName: "number")
    )
    var limit = 0

    @Flag(name: .long, help: "Show the tags of one image.")
    var listTags = false

    @Flag(name: .long, help: "Show whole descriptions.")
    var noTrunc = false

    @Argument(help: "Text in the names, or a registry and text: registry/text.")
    var term: String

    func run() throws {
        guard (0...100_000).contains(limit) else { throw EngineError("limit must be between 0 and 100000") }
        guard !term.isEmpty else { throw EngineError("search requires a term") }
        let wanted = try SearchFilter(filter.flatMap { $0.split(separator: ",").map(String.init) })
        guard !listTags || filter.isEmpty else { throw EngineError("filters are not applicable to list tags result") }
        var options = try registry.options()
        options.credentials = try credentials.credentials()
        let search = try ImageSearch(options)
        // Podman's own limits where none is given (libimage/search.go).
        let limit = limit > 0 ? limit : listTags ? 100_000 : 25
        let format = Rendering.Format(format)
        if listTags {
            let found = try search.tags(term, limit: limit)
            if case .json = format {
                let entry = Value.structure([.init("Name", .string(found.name)), .init("Tags", .strings(found.tags))])
                return Output.line(Value.array([entry]).json(indent: "    "))
            }
            return try Rendering.list(
                found.tags.map { .structure([.init("Name", .string(found.name)), .init("Tag", .string($0))]) },
                format: format, columns: [("NAME", "{{.Name}}"), ("TAG", "{{.Tag}}")])
        }
        let rows = try search.images(term, limit: limit) { Output.errorLine("WARNING: \($0)") }
            .filter(wanted.matches).map(row)
        if case .json = format { return Output.line(Value.array(rows).json(indent: "    ")) }
        // Podman prints nothing, not even the header, where nothing was found.
        if rows.isEmpty { return }
        var columns = [("NAME", "{{.Name}}"), ("DESCRIPTION", "{{.Description}}")]
        if compatible {
            columns += [("STARS", "{{.Stars}}"), ("OFFICIAL", "{{.Official}}"), ("AUTOMATED", "{{.Automated}}")]
        }
        try Rendering.list(rows, format: format, columns: columns)
    }

    private func row(_ image: FoundImage) -> Value {
        let text = image.description.split(whereSeparator: \.isNewline).joined(separator: " ")
        return .structure([
            .init("Index", .string(image.index)), .init("Name", .string(image.name)),
            .init("Description", .string(noTrunc || text.count <= 44 ? text : "\(text.prefix(41))...")),
            .init("Stars", .int(Int64(image.stars))),
            .init("Official", .string(image.isOfficial ? "[OK]" : "")),
            .init("Automated", .string(image.isAutomated ? "[OK]" : "")),
            .init("Tag", .string("")),
        ])
    }
}

/// `--filter` of `search`; all of it must hold.
private struct SearchFilter {
    private var stars = 0
    private var isOfficial: Bool?
    private var isAutomated: Bool?

    init(_ texts: [String]) throws {
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts.count > 1 ? parts[1] : nil
            switch parts[0] {
            case "stars":
                guard let value else { throw EngineError("invalid filter \"\(text)\", should be stars=<value>") }
                guard let number = Int(value) else {
                    throw EngineError("incorrect value type for stars filter: parsing \"\(value)\": invalid syntax")
                }
                stars = number
            case "is-official": isOfficial = value != "false"
            case "is-automated": isAutomated = value != "false"
            default: throw EngineError("invalid filter type \"\(text)\"")
            }
        }
    }

    func matches(_ image: FoundImage) -> Bool {
        image.stars >= stars && image.isOfficial == isOfficial ?? image.isOfficial
            && image.isAutomated == isAutomated ?? image.isAutomated
    }
}

/// `manifest …`: what registries have for several platforms.
struct ManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Look at manifests.", subcommands: [ManifestInspect.self])
}

/// `manifest inspect`: a manifest or an index as a registry has it.
struct ManifestInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show an image's manifest, or its list of manifests, in its registry.")

    @OptionGroup var registry: RegistryFlags

    @Argument(help: "Name, with a tag or a digest.")
    var image: String

    func run() throws {
        let bytes = try ImageSearch(registry.options()).manifest(image)
        Output.line(IndentedJSON.text(bytes, by: "    "))
    }
}

/// `image mount`: show images' files.
struct ImageMount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Mount images' file systems, or show those that are mounted.")

    @Flag(name: .shortAndLong, help: "All images.")
    var all = false

    @Option(name: .long, help: ArgumentHelp("json, or nothing for lines.", valueName: "format"))
    var format: String?

    @Argument(help: "Names or ids.")
    var images: [String] = []

    func run() throws {
        guard format == nil || format == "json" else { throw EngineError("unknown --format argument: \(format ?? "")") }
        let engine = try Invocation.engine()
        let wanted = all ? try engine.imageList().map(\.id) : images
        let mounted = wanted.isEmpty && !all ? try engine.mountedImages() : try wanted.map(engine.mountImage)
        if format == "json" {
            let rows = mounted.map { one in
                Value.structure([
                    .init("id", .string(one.image.id)), .init("Repositories", .strings(one.image.names)),
                    .init("mountpoint", .string(one.path)),
                ])
            }
            return Output.line(Value.array(rows).json(indent: " "))
        }
        if images.count == 1 && !all { return mounted.forEach { Output.line($0.path) } }
        let rows = mounted.map { [$0.image.names.first ?? $0.image.id, $0.path] }
        Output.text(TabWriter.columns(rows: rows))
    }
}

/// `image unmount`: the end of that.
struct ImageUnmount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount", abstract: "Unmount images' file systems.", aliases: ["umount"])

    @Flag(name: .shortAndLong, help: "All images.")
    var all = false

    @Flag(name: .shortAndLong, help: "However it is used.")
    var force = false

    @Argument(help: "Names or ids.")
    var images: [String] = []

    func run() throws {
        guard all != !images.isEmpty else { throw EngineError("name images, or say --all") }
        let engine = try Invocation.engine()
        try Failure.forEach(all ? engine.mountedImages().map(\.image.id) : images) { name in
            if let id = try engine.unmountImage(name) { Output.line(id) }
        }
    }
}
