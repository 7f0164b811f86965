internal import OCISpec

extension ImagePlatform {
    /// `os/architecture[/variant]`.
    var text: String { [os, architecture, variant].compactMap { $0 }.joined(separator: "/") }

    /// The image of an index for this platform: with the same variant if there is one, else with any, else one that
    /// names no platform.
    func choose(_ manifests: [ImageDescriptor]) -> ImageDescriptor? {
        let candidates = manifests.filter { !$0.isAttestation }
        let fitting = candidates.filter { $0.platform?.os == os && $0.platform?.architecture == architecture }
        return fitting.first { $0.platform?.variant == variant } ?? fitting.first
            ?? candidates.first { $0.platform == nil }
    }
}

extension ImageDescriptor {
    /// What BuildKit puts beside images: not for any machine.
    var isAttestation: Bool {
        platform?.os == "unknown" || annotations?["vnd.docker.reference.type"] != nil
    }
}
