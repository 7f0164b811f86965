internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys
internal import OCISpec

/// `image …`: the image commands under their noun.
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Manage images.",
        subcommands: [
            Pull.self, Push.self, Load.self, Save.self, ImageList.self, ImageRemove.self, InspectImage.self, Tag.self,
            Untag.self, History.self, Import.self, ImageDiff.self, ImageTree.self, ImageMount.self, ImageUnmount.self,
            ImageExists.self, ImagePrune.self, Search.self,
        ])
}

/// `image ls`: `images` under its noun.
struct ImageList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List images.", aliases: ["list"])

    @OptionGroup var images: Images

    func run() throws { try images.run() }
}

/// `image rm`: `rmi` under its noun.
struct ImageRemove: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove images.")

    @OptionGroup var removal: RemoveImage

    func run() throws { try removal.run() }
}

/// `load`: images from an archive.
struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Load images from an archive or a directory.")

    @Option(
        name: [.customShort("i", allowingJoined: true), .long],
        help: ArgumentHelp("The archive (default: standard input) or directory.", valueName: "path"))
    var input: String?

    @Flag(name: .shortAndLong, help: "Do not show progress.")
    var quiet = false

    func run() throws {
        if input == nil && StandardStream.isTerminal(0) {
            throw EngineError("cannot read from terminal, use command-line redirection or the --input flag")
        }
        let engine = try Invocation.engine()
        let progress = TransferProgress(shown: !quiet)
        defer { progress.finish() }
        try EndingNotice.set("Error: load was interrupted")
        let loaded = try engine.load(input == "-" ? nil : input) { progress.show($0) }
        progress.finish()
        for image in loaded {
            for name in image.names.isEmpty ? ["sha256:\(image.id)"] : image.names {
                Output.line("Loaded image: \(name)")
            }
        }
    }
}

/// `rmi`: remove images.
struct RemoveImage: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rmi", abstract: "Remove images.")

    @Flag(name: .shortAndLong, help: "All images.")
    var all = false

    @Flag(name: .shortAndLong, help: "Remove containers that use them, too; do not fail if an image does not exist.")
    var force = false

    @Flag(name: .shortAndLong, help: "Do not fail if an image does not exist.")
    var ignore = false

    @Flag(name: .long, help: "Keep images without a name that they were built on.")
    var noPrune = false

    @Argument(help: "Names or ids.")
    var images: [String] = []

    func run() throws {
        let engine = try Invocation.engine()
        guard !all || images.isEmpty else {
            throw EngineError("when using the --all switch, you may not pass any images names or IDs")
        }
        let names = all ? try engine.imageList().map(\.id) : images
        var deleted: Set<String> = []
        guard all || !names.isEmpty else { throw EngineError("image name or ID must be specified") }
        try Failure.forEach(names, exitCode: Self.exitCode) { name in
            // It went with one that was built on it.
            if deleted.contains(name) { return }
            do {
                let removed = try engine.removeImage(name, force: force, allNames: all, keepingParents: noPrune)
                for name in removed.untagged { Output.line("Untagged: \(name)") }
                for id in removed.deleted { Output.line("Deleted: \(id)") }
                deleted.formUnion(removed.deleted)
            } catch let error as EngineError where error.kind == .noSuchImage && (ignore || force) {
                return
            }
        }
    }

    /// Podman's `rmi`: 1 for an image that does not exist, 2 for one in use.
    static func exitCode(_ error: any Error) -> Int32 {
        switch (error as? EngineError)?.kind {
        case .noSuchImage: 1
        case .inUse: 2
        default: Failure.exitCode(error)
        }
    }
}

/// `image inspect`.
struct InspectImage: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Show everything about images.")

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    @Argument(help: "Names or ids.")
    var names: [String]

    func run() throws {
        try InspectType.image.show(names, try Invocation.engine(repairing: false), format: format)
    }
}
