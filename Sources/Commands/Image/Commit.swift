internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys
internal import OCISpec

/// What `commit` and `import` have in common.
struct NewImageFlags: ParsableArguments {
    @Option(
        name: [.customShort("c", allowingJoined: true), .long],
        help: ArgumentHelp("Instruction of a Dockerfile, as CMD=/bin/sh.", valueName: "instruction"))
    var change: [String] = []

    @Option(
        name: [.customShort("m", allowingJoined: true), .long],
        help: ArgumentHelp("Remark for the image's history.", valueName: "text"))
    var message: String?

    @Flag(name: .shortAndLong, help: "Print only the image's id.")
    var quiet = false

    func image(_ name: String?) -> NewImage {
        var image = NewImage()
        image.name = name
        image.changes = change
        image.message = message
        return image
    }

    /// Makes an image, with the lines that Podman has for the copy that it makes.
    func shown(_ make: () throws -> ImageRecord) throws -> ImageRecord {
        let progress = TransferProgress(shown: !quiet)
        progress.begin()
        let image = try make()
        for layer in image.configuration.rootfs.diffIDs {
            progress.show(.blob(layer.description, done: 0, size: 0))
            progress.show(.blobDone(layer.description))
        }
        progress.show(.configuration("sha256:\(image.id)"))
        progress.show(.manifest(image.manifestDigest.description))
        return image
    }
}

/// `commit`: make an image of a container.
struct Commit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Make an image of a container's changes.")

    @OptionGroup var flags: NewImageFlags

    @Option(
        name: [.customShort("a", allowingJoined: true), .long], help: ArgumentHelp("Who made it.", valueName: "author"))
    var author: String?

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("Kind of the image's documents: oci or docker.", valueName: "format"))
    var format = "oci"

    @Option(name: .long, help: ArgumentHelp("Write the image's id to this file.", valueName: "file"))
    var iidfile: String?

    @Flag(name: .long, help: "Make volumes of the container volumes of the image, too.")
    var includeVolumes = false

    @Flag(name: .shortAndLong, help: "Stop the container's processes where they are, meanwhile.")
    var pause = false

    @Flag(name: .shortAndLong, help: "Put everything into one layer.")
    var squash = false

    @Argument(help: "Name or id of the container.")
    var container: String

    @Argument(help: "Name of the image.")
    var name: String?

    func run() throws {
        var new = flags.image(name)
        new.author = author
        guard ["oci", "docker"].contains(format) else {
            throw EngineError("unrecognized image format \"\(format)\": use oci or docker")
        }
        new.isDocker = format == "docker"
        guard new.isDocker || new.message == nil else {
            throw EngineError("messages are only compatible with the docker image format (-f docker)")
        }
        new.isSquashed = squash
        new.includesVolumes = includeVolumes
        new.pauses = pause
        let image = try flags.shown { try Invocation.engine().commit(container, new) }
        if let iidfile { try File.write(iidfile, image.id, mode: 0o644) }
        Output.line(image.id)
    }
}

/// `import`: make an image of a root file system's tar archive.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make an image of a root file system's tar archive.")

    @OptionGroup var flags: NewImageFlags

    @Option(name: .long, help: ArgumentHelp("Processor of the image.", valueName: "arch"))
    var arch: String?

    @Option(name: .long, help: ArgumentHelp("System of the image.", valueName: "os"))
    var os: String?

    @Option(name: .long, help: ArgumentHelp("Variant of the image's processor.", valueName: "variant"))
    var variant: String?

    @Argument(help: "The archive; - for standard input.")
    var path: String

    @Argument(help: "Name of the image.")
    var name: String?

    func run() throws {
        if path == "-" && StandardStream.isTerminal(0) {
            throw EngineError("cannot read from terminal, use command-line redirection")
        }
        if path.contains("://") { throw EngineError("\(path): download it first: only files are imported") }
        var new = flags.image(name)
        if arch != nil || os != nil || variant != nil {
            new.platform = ImagePlatform(
                architecture: arch ?? ImagePlatform.host.architecture, os: os ?? ImagePlatform.host.os, variant: variant
            )
        }
        let image = try flags.shown { try Invocation.engine().importImage(path == "-" ? nil : path, new) }
        Output.line("sha256:\(image.id)")
    }
}
