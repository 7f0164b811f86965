internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys
internal import OCISpec

/// `image exists`: 0 if the image is here, 1 if it is not.
struct ImageExists: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exists", abstract: "Exit with 0 if an image is here, with 1 if not.")

    @Argument(help: "Name or id.")
    var image: String

    func run() throws {
        do {
            _ = try Invocation.engine(repairing: false).image(image)
        } catch let error as EngineError where error.kind == .noSuchImage {
            throw ExitStatus(code: 1)
        }
    }
}

/// `image prune`: remove images that nothing uses.
struct ImagePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove images without a name, or all that no container uses.")

    @Flag(name: .shortAndLong, help: "All images that no container uses.")
    var all = false

    @Flag(name: .long, help: "Accepted for Podman's sake: there are no containers of other programs.")
    var external = false

    @Option(name: .long, help: ArgumentHelp("Only those that match, as in images.", valueName: "filter"))
    var filter: [String] = []

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var force = false

    func run() throws {
        if let text = filter.first(where: { !$0.contains("=") }) {
            throw EngineError("filter input must be in the form of filter=value: \(text) is invalid")
        }
        if !force {
            Output.line(
                all
                    ? "WARNING! This command removes all images without at least one container associated with them."
                    : "WARNING! This command removes all dangling images.")
            try StandardStream.write(1, "Are you sure you want to continue? [y/N] ")
            guard let first = try StandardStream.duplicate(0).read(upTo: 64).first else { throw EngineError("EOF") }
            guard [UInt8(ascii: "y"), UInt8(ascii: "Y")].contains(first) else { return }
        }
        let engine = try Invocation.engine()
        let wanted = try ImageFilter(
            filter + ["containers=false", "readonly=false"] + (all ? [] : ["dangling=true"]), engine)
        for id in try engine.pruneImages(all: all, where: wanted.matches) { Output.line(id) }
    }
}

/// `history`: how an image was made.
struct History: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "Show how an image was made.")

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Flag(name: .long, help: "Show whole ids and commands.")
    var noTrunc = false

    @Flag(name: .shortAndLong, help: "Print ids only.")
    var quiet = false

    @Flag(name: [.customShort("H"), .long], inversion: .prefixedNo, help: "Print sizes and times for people.")
    var human = true

    @Argument(help: "Name or id.")
    var image: String

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        let record = try engine.image(image)
        let steps = try engine.history(record.id)
        let rows = steps.map(row)
        if quiet {
            for row in rows { Output.line(try Template("{{.ID}}").render(row)) }
            return
        }
        let format = Rendering.Format(format)
        if case .json = format {
            return Output.line(Value.array(steps.map(document)).json(indent: nil))
        }
        try Rendering.list(
            rows, format: format,
            columns: [
                ("ID", "{{.ID}}"), ("CREATED", "{{.Created}}"), ("CREATED BY", "{{.CreatedBy}}"),
                ("SIZE", "{{.Size}}"), ("COMMENT", "{{.Comment}}"),
            ], headings: ["CreatedBy": "CREATED BY"])
    }

    /// An element of `--format json`: Podman's names, times of RFC 3339, bytes.
    private func document(_ step: ImageStep) -> Value {
        let id = step.image ?? "<missing>"
        let created = step.history.created ?? "0001-01-01T00:00:00Z"
        var fields: [Object.Field] = [.init("id", .string(id)), .init("created", .string(created))]
        if let command = step.history.createdBy, !command.isEmpty {
            fields.append(.init("CreatedBy", .string(command)))
        }
        if step.size != 0 { fields.append(.init("size", .int(step.size))) }
        if let comment = step.history.comment, !comment.isEmpty { fields.append(.init("comment", .string(comment))) }
        // As Podman, which has whole seconds here.
        let seconds = Timestamp(created).map { $0.nanoseconds / 1_000_000_000 * 1_000_000_000 }
        fields.append(.init("Created", .string(seconds.map { Timestamp(nanoseconds: $0).description } ?? created)))
        return .structure(fields)
    }

    private func row(_ step: ImageStep) -> Value {
        let id = step.image
        let created = step.history.created.flatMap { Timestamp($0)?.nanoseconds }
        let command = step.history.createdBy ?? ""
        return .structure(
            [
                .init("ID", json: "id", .string(id.map { noTrunc ? $0 : String($0.prefix(12)) } ?? "<missing>")),
                .init("Created", json: "created", .string(shownTime(created))),
                .init("CreatedAt", json: nil, .string(created.map { GoTime(nanoseconds: $0).description } ?? "")),
                .init("CreatedSince", json: nil, .string(created.map(HumanText.ago) ?? "N/A")),
                .init(
                    "CreatedBy", json: "CreatedBy",
                    .string(noTrunc || command.count <= 45 ? command : "\(command.prefix(42))...")),
                .init("Size", json: "size", human ? .string(HumanText.size(step.size)) : .int(step.size)),
                .init("Comment", json: "comment", .string(step.history.comment ?? "")),
                .init("Tags", json: "tags", .strings([])),
            ], typeName: "images.historyReporter")
    }

    private func shownTime(_ time: Int64?) -> String {
        human ? time.map(HumanText.ago) ?? "N/A" : HumanText.timestamp(time)
    }
}
