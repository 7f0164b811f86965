internal import ArgumentParser
internal import ContainerEngine
internal import OCISpec

/// `image tree`: an image's layers.
struct ImageTree: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "tree", abstract: "Show the layers of an image.")

    @Flag(name: .long, help: "Show the layers that were put on top of it instead of those that it has.")
    var whatrequires = false

    @Argument(help: "Name or id.")
    var image: String

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        let record = try engine.image(image)
        Output.line("Image ID: \(record.id.prefix(12))")
        Output.line("Tags:     [\(record.names.joined(separator: " "))]")
        Output.line("Size:     \(HumanText.exactSize(record.size))")
        let layers = try whatrequires ? engine.layersAbove(record.id) : engine.layers(record.id)
        Output.line(layers.isEmpty ? "No Image Layers" : "Image Layers")
        show(layers, indent: "")
        Output.line("")
    }

    private func show(_ layers: [ImageLayer], indent: String) {
        for (index, layer) in layers.enumerated() {
            let isLast = index == layers.count - 1
            let size = HumanText.exactSize(layer.size)
            let padding = String(repeating: " ", count: max(0, 7 - size.count))
            let top = layer.names.isEmpty ? "" : " Top Layer of: [\(layer.names.joined(separator: " "))]"
            Output.line(
                "\(indent)\(isLast ? "└──" : "├──") ID: \(layer.digest.hex.prefix(12)) Size: \(padding)\(size)\(top)")
            show(layer.above, indent: indent + (isLast ? "    " : "│   "))
        }
    }
}
