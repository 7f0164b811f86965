import OCISpec

@testable import ContainerStorage

/// A digest that is read is written as it came.
func checkDigest(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    guard let digest = Digest(text) else { return }
    require(digest.description == text, "‘\(text)’ becomes \(digest)")
    require(!digest.hex.contains("/") && !digest.hex.contains("."), "a path in the digest \(digest)")
}

/// `WWW-Authenticate`, as a registry may send it.
func checkChallenge(_ input: [UInt8]) {
    for challenge in AuthenticationChallenge.all(in: String(decoding: input, as: UTF8.self)) {
        require(!challenge.scheme.isEmpty, "a challenge without a scheme")
        require(challenge.scheme == challenge.scheme.lowercased(), "the scheme \(challenge.scheme)")
        for name in challenge.parameters.keys {
            require(!name.isEmpty && name == name.lowercased(), "the parameter ‘\(name)’")
        }
    }
}

/// Manifests, indexes and configurations, as a registry or an archive may have them.
func checkManifest(_ input: [UInt8]) {
    // What is wrong is refused with an error: nothing to look at.
    guard let kind = try? ImageDocuments.kind(input, expected: nil, "it") else { return }
    switch kind {
    case .manifest:
        guard let manifest = try? ImageDocuments.decode(ImageManifest.self, input, "it") else { return }
        require(manifest.layers.allSatisfy { $0.digest.hex.count >= 64 }, "a layer without a digest")
    case .index: _ = try? ImageDocuments.decode(ImageIndex.self, input, "it")  // as above
    }
    _ = try? ImageDocuments.decode(ImageConfiguration.self, input, "it")  // as above
}

/// registries.conf: what it says of a name is an image elsewhere, or an error.
func checkRegistriesConfiguration(_ input: [UInt8]) {
    let path = "registries.conf"
    var configuration = RegistriesConfiguration(path: path)
    // A file that is wrong is refused: nothing to look at.
    guard let file = try? RegistriesFile(text: String(decoding: input, as: UTF8.self), path: path),
        (try? configuration.add(file, path: path)) != nil
    else { return }
    for name in ["registry.example/team/image:1", "image", "registry.example:5000/image"] {
        guard let candidates = try? configuration.candidates(name) else { continue }  // as above
        for candidate in candidates {
            guard let sources = try? configuration.sources(for: candidate) else { continue }  // as above
            require(!sources.isEmpty, "no place to get \(candidate) from")
            for source in sources {
                let again = try? ImageReference(parsing: "\(source.reference)")
                require(again == source.reference, "\(candidate) is to be had as \(source.reference)")
            }
        }
    }
}
