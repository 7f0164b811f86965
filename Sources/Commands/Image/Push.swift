internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// `push`: give an image to a registry.
struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "push", abstract: "Push an image to a registry.")

    @OptionGroup var registry: RegistryFlags
    @OptionGroup var credentials: CredentialFlag
    @OptionGroup var docker: DockerTrustFlag

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("Kind of the manifest: oci or v2s2 (default: as the image came).", valueName: "format"))
    var format: String?

    @Option(name: .long, help: ArgumentHelp("Write the manifest's digest to this file.", valueName: "file"))
    var digestfile: String?

    @Flag(name: .shortAndLong, help: "Do not show progress.")
    var quiet = false

    @Argument(help: "Name or id.")
    var image: String

    @Argument(help: "Name in the registry (default: the image's own).")
    var destination: String?

    func run() throws {
        var options = PushOptions()
        if let format {
            guard let known = PushOptions.Format(rawValue: format) else {
                throw EngineError("unknown format \"\(format)\": use oci or v2s2")
            }
            options.format = known
        }
        options.registry = try registry.options()
        options.registry.credentials = try credentials.credentials()
        let progress = TransferProgress(shown: !quiet)
        options.observer = { progress.show($0) }
        defer { progress.finish() }
        try EndingNotice.set("Error: push was interrupted")
        let digest = try Invocation.engine().push(image, to: destination, options)
        if let digestfile { try File.write(digestfile, digest, mode: 0o644) }
    }
}

/// `save`: write images to an archive.
struct Save: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "save", abstract: "Save images to an archive.")

    @Option(name: .long, help: ArgumentHelp("docker-archive or oci-archive.", valueName: "format"))
    var format = "docker-archive"

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: ArgumentHelp("The archive (default: standard output).", valueName: "file"))
    var output: String?

    @Flag(name: [.customShort("m"), .long], help: "Take every argument for an image.")
    var multiImageArchive = false

    @Flag(name: .shortAndLong, help: "Do not show progress.")
    var quiet = false

    @Argument(help: "An image, and more names of it; with -m, images.")
    var images: [String]

    func run() throws {
        if output == nil && StandardStream.isTerminal(1) {
            throw EngineError("refusing to save to terminal. Use -o flag or redirect")
        }
        // As Podman: what is piped on is saved in silence.
        let progress = TransferProgress(shown: !quiet && output != nil, tellsSource: false)
        defer { progress.finish() }
        try Invocation.engine(repairing: false).save(images, to: output, format: format) { progress.show($0) }
    }
}

/// `tag`: give an image more names.
struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "tag", abstract: "Add names to an image.")

    @Argument(help: "Name or id.")
    var image: String

    @Argument(help: "New names.")
    var names: [String]

    func run() throws {
        guard !names.isEmpty else { throw EngineError("requires at least 2 arg(s), only received 1") }
        try Invocation.engine().tag(image, as: names)
    }
}

/// `untag`: take names away from an image.
struct Untag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "untag", abstract: "Remove names from an image; the image stays.")

    @Argument(help: "Name or id.")
    var image: String

    @Argument(help: "Names to remove (default: all).")
    var names: [String] = []

    func run() throws {
        try Invocation.engine().untag(image, names)
    }
}
