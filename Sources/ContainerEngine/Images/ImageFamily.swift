internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

/// How the images that are here are built on one another, as Podman finds it out (libimage/layer_tree.go).
///
/// A parent has the same layers as its child, or all but the last, and the same history but for the last step.
struct ImageFamily {
    /// The parent of each image that has one here.
    private(set) var parents: [String: String] = [:]
    /// The images that have exactly these layers, the newest first.
    private var images: [[String]: [String]] = [:]

    /// Reads what is needed from the state.
    ///
    /// - Throws: `DatabaseError`.
    init(_ database: Database) throws {
        var layers: [String: [String]] = [:]
        for row in try database.query("SELECT image, diff_id FROM image_layers ORDER BY image, position") {
            layers[row.text(0), default: []].append(row.text(1))
        }
        let ages = """
            SELECT id, json_array_length(CAST(config AS TEXT), '$.history') FROM images ORDER BY made DESC, id DESC
            """
        var steps: [String: Int64] = [:]
        for row in try database.query(ages) {
            images[layers[row.text(0)] ?? [], default: []].append(row.text(0))
            steps[row.text(0)] = row.integer(1)
        }
        var histories: [String: [ImageConfiguration.History]] = [:]
        for (chain, members) in images where !chain.isEmpty {
            // Only where the number of steps is right are the steps themselves read and compared.
            let candidates = Dictionary(grouping: members + (images[Array(chain.dropLast())] ?? [])) { steps[$0] ?? 0 }
            for child in members {
                for parent in candidates[(steps[child] ?? 0) - 1] ?? [] {
                    for id in [child, parent] where histories[id] == nil {
                        histories[id] = try Self.history(id, database)
                    }
                    guard let own = histories[child], let other = histories[parent], own.dropLast() == other[...]
                    else { continue }
                    parents[child] = parent
                    break
                }
            }
        }
    }

    /// The images that have exactly these layers, the newest first.
    func images(with layers: some Sequence<Digest>) -> [String] {
        images[layers.map(\.description)] ?? []
    }

    /// The images that have these layers and more, each with all of its layers.
    func descendants(of layers: [Digest]) -> [[Digest]] {
        let wanted = layers.map(\.description)
        return images.keys.filter { $0.count > wanted.count && $0.starts(with: wanted) }.map {
            $0.compactMap { Digest($0) }
        }
    }

    private static func history(_ id: String, _ database: Database) throws -> [ImageConfiguration.History] {
        guard let row = try database.query("SELECT config FROM images WHERE id = ?1", [.text(id)]).first else {
            return []
        }
        return try JSONDecoder().decode(ImageConfiguration.self, from: Data(row.bytes(0))).history ?? []
    }
}
